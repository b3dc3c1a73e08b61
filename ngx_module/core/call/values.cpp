// The part of parameters.hpp that checks values: the form that each parameter
// type accepts. All text that passes is also accepted by PostgreSQL's input
// function of the column's type (PostgreSQL manual, chapter 8): a caller's
// mistake is a 400, never an SQL error.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/call/parameters.hpp"
#include "core/text/ascii.hpp"
#include "core/text/utf8.hpp"

namespace tablegate::core {

namespace {

bool all_digits(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (!is_digit(c)) return false;
  }
  return true;
}

// ---- numbers

template <class Integer>
bool integer_fits(std::string_view value) {
  Integer parsed{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  return error == std::errc() && end == value.data() + value.size();
}

bool check_integer(const Parameter& parameter, std::string_view value, std::string_view& detail) {
  const ColumnType column = parameter.column_type;
  if (column == ColumnType::int2) {
    detail = "must be a whole number from -32768 to 32767";
    return integer_fits<int16_t>(value);
  }
  if (column == ColumnType::int4 || parameter.type == ParameterType::int_) {
    detail = "must be a whole number from -2147483648 to 2147483647";
    return integer_fits<int32_t>(value);
  }
  detail = "must be a whole number from -9223372036854775808 to 9223372036854775807";
  return integer_fits<int64_t>(value);
}

// No exponent: -12, 12.5, .5, 12. PostgreSQL's numeric accepts 131072 digits before the point and 16383 after
// it (PostgreSQL manual, section 8.1.2).
bool check_decimal(std::string_view value) {
  if (!value.empty() && value[0] == '-') value.remove_prefix(1);
  const size_t point = value.find('.');
  const std::string_view whole = value.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : value.substr(point + 1);
  if (whole.empty() && fraction.empty()) return false;
  if (whole.size() > 131072 || fraction.size() > 16383) return false;
  return (whole.empty() || all_digits(whole)) && (fraction.empty() || all_digits(fraction));
}

// A decimal with an optional exponent that neither exceeds the type's range nor becomes zero: PostgreSQL
// rejects both (float8in_internal).
template <class Float>
bool check_float(std::string_view value) {
  const size_t exponent = value.find_first_of("eE");
  if (!check_decimal(value.substr(0, exponent))) return false;
  if (exponent != std::string_view::npos) {
    std::string_view digits = value.substr(exponent + 1);
    if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
    if (!all_digits(digits)) return false;
  }
  Float parsed{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  return error == std::errc() && end == value.data() + value.size() && std::isfinite(parsed);
}

// Whether a pattern of LIKE ends in a `\` that escapes nothing: PostgreSQL rejects it (manual, 9.7.1).
bool ends_in_escape(std::string_view pattern) {
  size_t escapes = 0;
  while (escapes < pattern.size() && pattern[pattern.size() - 1 - escapes] == '\\') ++escapes;
  return escapes % 2 == 1;
}

// PostgreSQL looks for what follows a `%` at each place of a text and looks deeper at each further `%`, and
// neither a timeout nor a cancel ends that within one text: a long pattern would hold a connection for
// minutes, or be an error of the stack's depth. In characters; a literal text before the first `%` is
// compared once and may be of any length.
constexpr size_t kMaxAfterPercent = 1000;

bool is_long_search(std::string_view pattern) {
  size_t at = 0;
  while (at < pattern.size() && pattern[at] != '%') at += pattern[at] == '\\' ? 2 : 1;
  if (at >= pattern.size()) return false;
  const std::string_view rest = pattern.substr(at + 1);
  const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return rest.size() > kMaxAfterPercent &&
         static_cast<size_t>(std::count_if(rest.begin(), rest.end(), begins_character)) > kMaxAfterPercent;
}

std::string_view pattern_fault(std::string_view pattern) {
  if (ends_in_escape(pattern))
    return "must not end in a single \\, which escapes the next character of a pattern";
  if (is_long_search(pattern)) return "must have at most 1000 characters after its first %";
  return {};
}

// ---- dates and times

// Takes `count` digits off the front; -1 when there are fewer.
int take_number(std::string_view& text, size_t count) {
  if (text.size() < count || !all_digits(text.substr(0, count))) return -1;
  int number = 0;
  for (char c : text.substr(0, count)) number = number * 10 + (c - '0');
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text[0] != expected) return false;
  text.remove_prefix(1);
  return true;
}

// PostgreSQL's text of times that RFC 3339 has no form for, as answers have it: these words, and a year BC.
bool is_infinity(std::string_view text) {
  return text == "infinity" || text == "-infinity";
}

bool take_bc(std::string_view& text) {
  constexpr std::string_view kBc = " BC";
  if (text.size() < kBc.size() || text.substr(text.size() - kBc.size()) != kBc) return false;
  text.remove_suffix(kBc.size());
  return true;
}

constexpr int kMaxBcYear = 4713;  // whole years; PostgreSQL's first day is in November of 4714 BC

// Takes YYYY-MM-DD off the front. Years 1 to `max_year`, with more than four digits only after 9999.
bool take_date(std::string_view& text, int max_year, bool bc) {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits < 4 || digits > 7 || (digits > 4 && text[0] == '0')) return false;
  const int year = take_number(text, digits);
  if (year < 1 || year > (bc ? kMaxBcYear : max_year) || !take(text, '-')) return false;
  const int month = take_number(text, 2);
  if (month < 1 || month > 12 || !take(text, '-')) return false;
  const int day = take_number(text, 2);
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int cycle = bc ? year - 1 : year;  // 1 BC is the year 0
  const bool leap = (cycle % 4 == 0 && cycle % 100 != 0) || cycle % 400 == 0;
  const int last = month == 2 && leap ? 29 : kDays[month - 1];
  return day >= 1 && day <= last;
}

// Takes hh:mm[:ss[.f{1,6}]] off the front.
bool take_time(std::string_view& text) {
  const int hour = take_number(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ':')) return false;
  const int minute = take_number(text, 2);
  if (minute < 0 || minute > 59) return false;
  if (!take(text, ':')) return true;
  const int second = take_number(text, 2);
  if (second < 0 || second > 59) return false;
  if (!take(text, '.')) return true;
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits < 1 || digits > 6) return false;
  text.remove_prefix(digits);
  return true;
}

// Takes Z or +hh[:mm] off the front; PostgreSQL accepts up to 15:59.
bool take_offset(std::string_view& text) {
  if (take(text, 'Z')) return true;
  if (!take(text, '+') && !take(text, '-')) return false;
  const int hours = take_number(text, 2);
  if (hours < 0 || hours > 15) return false;
  if (text.empty()) return true;
  if (!take(text, ':')) return false;
  const int minutes = take_number(text, 2);
  return minutes >= 0 && minutes <= 59;
}

constexpr int kMaxDateYear = 5874897;      // PostgreSQL manual, table 8.9
constexpr int kMaxTimestampYear = 294275;  // the last year but one, so that no offset leads out of the range

std::string_view check_datetime(const Parameter& parameter, std::string_view value, Arena& arena,
                                std::string_view& detail) {
  const bool no_offset = parameter.column_type == ColumnType::timestamp;
  // The example has no `+`, which in a query is a blank.
  detail = no_offset
               ? "must be a date and a time of ISO 8601 without an offset such as 2025-01-31T08:00:00"
               : "must be a date and a time of ISO 8601 such as 2025-01-31T08:00:00Z (in a query, the + "
                 "of an offset is sent as %2B)";
  if (is_infinity(value)) return value;
  std::string_view rest = value;
  const bool bc = take_bc(rest);
  if (!take_date(rest, kMaxTimestampYear, bc)) return {};
  if ((bc || !take(rest, 'T')) && !take(rest, ' ')) return {};
  if (!take_time(rest)) return {};
  if (rest.empty()) {
    if (no_offset) return value;
    if (bc) return {};
    const std::string_view zone = parameter.time_zone.empty() ? std::string_view("UTC") : parameter.time_zone;
    char* text = static_cast<char*>(arena.allocate(value.size() + 1 + zone.size() + 1));
    if (text == nullptr) return {};
    std::memcpy(text, value.data(), value.size());
    text[value.size()] = ' ';
    std::memcpy(text + value.size() + 1, zone.data(), zone.size());
    text[value.size() + 1 + zone.size()] = '\0';
    return {text, value.size() + 1 + zone.size()};
  }
  if (!take_offset(rest) || !rest.empty()) return {};
  return no_offset ? std::string_view() : value;  // PostgreSQL would silently ignore the offset
}

}  // namespace

std::string_view check_value(const Parameter& parameter, std::string_view value, Arena& arena,
                             std::string_view& detail) {
  bool good = false;
  switch (parameter.type) {
    case ParameterType::string:
      detail = "must be UTF-8 without NUL";
      good = valid_text(value);
      if (const std::string_view fault =
              good && parameter.pattern ? pattern_fault(value) : std::string_view();
          !fault.empty()) {
        detail = fault;
        good = false;
      }
      break;
    case ParameterType::int_:
    case ParameterType::long_:
      good = check_integer(parameter, value, detail);
      break;
    case ParameterType::decimal:
      detail = "must be a decimal number such as 12.50";
      good = check_decimal(value);
      break;
    case ParameterType::float_:
    case ParameterType::double_:
      detail = "must be a number within the range of its type";
      good = parameter.type == ParameterType::float_ || parameter.column_type == ColumnType::float4
                 ? check_float<float>(value)
                 : check_float<double>(value);
      break;
    case ParameterType::boolean:
      detail = "must be true, false, 1 or 0";
      good = value == "true" || value == "false" || value == "1" || value == "0";
      break;
    case ParameterType::date: {
      detail = "must be a date of ISO 8601 such as 2025-01-31";
      std::string_view rest = value;
      const bool bc = take_bc(rest);
      good = is_infinity(value) || (take_date(rest, kMaxDateYear, bc) && rest.empty());
      break;
    }
    case ParameterType::datetime:
      return check_datetime(parameter, value, arena, detail);
  }
  return good ? value : std::string_view();
}

}  // namespace tablegate::core
