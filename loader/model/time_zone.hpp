// Which time zones there are: names of the IANA database of the form Area/City, or
// UTC. All programs take these for the same. Others differ: an abbreviation is a
// fixed offset for PostgreSQL's AT TIME ZONE and a zone with summer time for its
// SET timezone and the C library, and the signs of POSIX and Etc/GMT+8 are turned.
#pragma once

#include <string>
#include <string_view>

namespace tablegate::loader {

// Why the text is no time zone, with the city that is meant where that is known; empty when it can be one.
// Whether there is such a city, PostgreSQL knows.
std::string bad_time_zone(std::string_view zone);

}  // namespace tablegate::loader
