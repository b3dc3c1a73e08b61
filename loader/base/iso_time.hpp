// Times on the command line: ISO 8601 with an offset, so that the time zone is
// never in doubt.
#pragma once

#include <string>

namespace tablegate::loader {

// Accepts "2027-01-31T08:00:00Z", "2027-01-31T08:00:00.5+08:00" and "2027-01-31", which is midnight UTC.
// Returns what PostgreSQL reads as timestamptz; throws WrongUsage, naming `option`.
std::string read_iso_time(const std::string& text, const std::string& option);

}  // namespace tablegate::loader
