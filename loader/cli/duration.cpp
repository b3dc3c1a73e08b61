#include "cli/duration.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "base/refusal.hpp"

namespace tablegate::loader {

std::chrono::milliseconds read_duration(const std::string& text, const std::string& option) {
  constexpr long long kDay = 24LL * 3600 * 1000;
  long long number = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number);
  const std::string_view unit(after, static_cast<size_t>(end - after));
  long long factor = 0;
  if (unit == "ms") factor = 1;
  if (unit == "s" || unit.empty()) factor = 1000;
  if (unit == "m") factor = 60000;
  if (unit == "h") factor = 3600000;
  if (error != std::errc{} || factor == 0 || number < 0 || number > kDay / factor)
    throw WrongUsage(fmt::format("{} requires a time such as 30s, 500ms or 5m, not \"{}\"", option, text),
                     Hint::again().set(option, "30s"));
  return std::chrono::milliseconds(number * factor);
}

}  // namespace tablegate::loader
