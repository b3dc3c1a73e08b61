#include "catalog/since.hpp"

#include <fmt/format.h>

#include <string_view>

#include "base/iso_time.hpp"
#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxDigits = 5;  // of a duration: 99999 days are within timestamptz

const char* unit_name(char unit) {
  switch (unit) {
    case 's':
      return "seconds";
    case 'm':
      return "minutes";
    case 'h':
      return "hours";
    case 'd':
      return "days";
    default:
      return nullptr;
  }
}

}  // namespace

std::string since_moment(const std::string& text) {
  const size_t digits = text.find_first_not_of("0123456789");
  const bool duration = digits != std::string::npos && digits > 0 && digits + 1 == text.size();
  if (duration && digits <= kMaxDigits) {
    if (const char* const unit = unit_name(text.back()))
      return fmt::format("now() - interval '{} {}'", std::string_view(text).substr(0, digits), unit);
  }
  if (text.size() < std::string_view("2027-01-31").size()) {
    throw WrongUsage(fmt::format("--since requires a time such as 2027-01-31T08:00:00Z or a duration such as "
                                 "24h or 7d, not \"{}\"",
                                 text),
                     Hint::again().set("--since", "24h"));
  }
  return fmt::format("timestamptz '{}'", read_iso_time(text, "--since"));
}

}  // namespace tablegate::loader
