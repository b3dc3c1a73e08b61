#include "core/call/canonical_value.hpp"

#include <charconv>
#include <cstdint>
#include <cstring>

namespace tablegate::core {

namespace {

template <class Number>
std::string_view number_text(std::string_view value, Arena& arena) {
  constexpr size_t kRoom = 64;
  Number number{};
  std::from_chars(value.data(), value.data() + value.size(), number);
  if (number == Number{}) return "0";  // -0 too
  auto* const text = static_cast<char*>(arena.allocate(kRoom));
  if (text == nullptr) return {};
  const auto end = std::to_chars(text, text + kRoom, number);
  return {text, static_cast<size_t>(end.ptr - text)};
}

// Without zeros that say nothing: `-007.50` -> `-7.5`, `-.0` -> `0`.
std::string_view decimal_text(std::string_view value, Arena& arena) {
  const bool negative = !value.empty() && value[0] == '-';
  if (negative) value.remove_prefix(1);
  while (!value.empty() && value[0] == '0') value.remove_prefix(1);
  if (value.find('.') != std::string_view::npos) {
    while (value.back() == '0') value.remove_suffix(1);
    if (value.back() == '.') value.remove_suffix(1);
  }
  if (value.empty()) return "0";
  if (!negative) return value;
  auto* const text = static_cast<char*>(arena.allocate(value.size() + 1));
  if (text == nullptr) return {};
  text[0] = '-';
  std::memcpy(text + 1, value.data(), value.size());
  return {text, value.size() + 1};
}

// ---- times

// The parts of a time as check_value() accepts it; `rest` is what follows the fraction: an offset or a zone.
struct Clock {
  int64_t fields[6] = {};  // year, month, day, hour, minute, second
  int64_t micros = 0;
  std::string_view rest;
};

bool read_clock(std::string_view text, Clock& clock) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (size_t field = 0; field < 6; ++field) {
    const auto read = std::from_chars(at, end, clock.fields[field]);
    if (read.ec != std::errc()) return false;
    at = read.ptr;
    const char separator = at == end ? '\0' : *at;
    const bool more = field < 2    ? separator == '-'
                      : field == 2 ? separator == 'T' || separator == ' '
                                   : field < 5 && separator == ':';
    if (!more) {
      if (field < 4) return false;  // seconds may be left out
      break;
    }
    ++at;
  }
  if (at != end && *at == '.') {
    int64_t unit = 100000;
    for (++at; at != end && *at >= '0' && *at <= '9'; ++at, unit /= 10) clock.micros += (*at - '0') * unit;
  }
  clock.rest = {at, static_cast<size_t>(end - at)};
  return true;
}

// A count of days (Howard Hinnant's public algorithm); only compared.
int64_t day_number(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
}

// Z, +hh or +hh:mm in seconds. False: it is something else.
bool read_offset(std::string_view text, int64_t& seconds) {
  seconds = 0;
  if (text == "Z") return true;
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return false;
  int64_t hours = 0;
  int64_t minutes = 0;
  std::from_chars(text.data() + 1, text.data() + 3, hours);
  if (text.size() == 6) std::from_chars(text.data() + 4, text.data() + 6, minutes);
  seconds = (hours * 60 + minutes) * 60;
  if (text[0] == '-') seconds = -seconds;
  return true;
}

// Seconds and microseconds, and the zone where there is one instead of an offset.
std::string_view time_text(std::string_view value, Arena& arena) {
  constexpr std::string_view kBc = " BC";
  Clock clock;
  if (!read_clock(value, clock)) return value;  // infinity
  if (clock.rest.size() >= kBc.size() && clock.rest.substr(clock.rest.size() - kBc.size()) == kBc) {
    clock.rest.remove_suffix(kBc.size());
    clock.fields[0] = 1 - clock.fields[0];  // 1 BC is the year 0
  }
  int64_t offset = 0;
  if (read_offset(clock.rest, offset)) clock.rest = "Z";
  const int64_t* const fields = clock.fields;
  const int64_t seconds = day_number(fields[0], fields[1], fields[2]) * 86400 + fields[3] * 3600 +
                          fields[4] * 60 + fields[5] - offset;
  constexpr size_t kRoom = 48;
  auto* const text = static_cast<char*>(arena.allocate(kRoom + clock.rest.size()));
  if (text == nullptr) return {};
  // No product: in microseconds the last years do not fit into 64 bits.
  auto end = std::to_chars(text, text + kRoom, seconds);
  *end.ptr++ = '.';
  end = std::to_chars(end.ptr, text + kRoom, clock.micros);
  if (!clock.rest.empty()) std::memcpy(end.ptr, clock.rest.data(), clock.rest.size());
  return {text, static_cast<size_t>(end.ptr - text) + clock.rest.size()};
}

}  // namespace

std::string_view canonical_value(ParameterType type, std::string_view value, Arena& arena) {
  switch (type) {
    case ParameterType::int_:
    case ParameterType::long_:
      return number_text<int64_t>(value, arena);
    case ParameterType::float_:
    case ParameterType::double_:
      return number_text<double>(value, arena);
    case ParameterType::decimal:
      return decimal_text(value, arena);
    case ParameterType::boolean:
      return value == "true" || value == "1" ? "1" : "0";
    case ParameterType::datetime:
      return time_text(value, arena);
    case ParameterType::string:
    case ParameterType::date:
      break;
  }
  return value;
}

}  // namespace tablegate::core
