// How far back a report looks (`--since`): a duration before now, or a time.
#pragma once

#include <string>

namespace tablegate::loader {

// "90s", "15m", "24h", "7d" or an ISO 8601 time, as an SQL expression of type timestamptz. Only digits,
// letters of ISO 8601 and signs of `text` get into it, so it may be part of a statement. Throws WrongUsage,
// naming the option --since.
std::string since_moment(const std::string& text);

}  // namespace tablegate::loader
