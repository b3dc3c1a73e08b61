// Points in time on the command line: ISO 8601 with an offset, so that nobody
// has to guess a zone.
#pragma once

#include <string>

namespace tablegate::loader {

// "2027-01-31T08:00:00Z", "2027-01-31T08:00:00.5+08:00"; "2027-01-31" is midnight UTC. Returns what
// PostgreSQL takes as timestamptz; throws WrongUsage, naming `option`.
std::string read_iso_time(const std::string& text, const std::string& option);

}  // namespace tablegate::loader
