// Durations on the command line: "30s", "500ms", "5m", "1h"; a bare number is seconds.
#pragma once

#include <chrono>
#include <string>

namespace tablegate::loader {

// Throws WrongUsage, naming `option`; at most 24 hours.
std::chrono::milliseconds read_duration(const std::string& text, const std::string& option);

}  // namespace tablegate::loader
