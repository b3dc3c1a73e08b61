#include "source/maxcompute/maxcompute_value.hpp"

#include <fmt/format.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <charconv>
#include <cmath>

#include "core/text/ascii.hpp"
#include "core/text/base64.hpp"
#include "core/text/utf8.hpp"

namespace tablegate::loader {
namespace {

using Kind = MaxComputeType::Kind;

constexpr int64_t kSecondsADay = 86400;
// MaxCompute's years are 0 to 9999; values outside of PostgreSQL's range cannot be written.
constexpr int64_t kMaxDays = 2000000;

struct Day {
  int64_t year;
  unsigned month;
  unsigned day;
};

// Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March so that a leap day is the
// last day.
Day day_of(int64_t days) {
  const int64_t shifted = days + 719468;  // since 0000-03-01
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const auto of_era = static_cast<unsigned>(shifted - era * 146097);
  const unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_index = (5 * of_year + 2) / 153;
  const unsigned month = month_index < 10 ? month_index + 3 : month_index - 9;
  return {static_cast<int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
          of_year - (153 * month_index + 2) / 5 + 1};
}

int64_t floor_div(int64_t value, int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

int64_t floor_mod(int64_t value, int64_t by) {
  return (value % by + by) % by;
}

// Date, `between` (blank or 'T'), time, fraction of `digits` digits without trailing zeros, offset, era.
std::string write_moment(int64_t seconds, int64_t fraction, int digits, char between,
                         std::string_view offset) {
  std::string date = date_text(floor_div(seconds, kSecondsADay));
  const auto second = static_cast<int>(floor_mod(seconds, kSecondsADay));
  std::string era;
  if (const size_t blank = date.find(' '); blank != std::string::npos) {
    era = date.substr(blank);
    date.resize(blank);
  }
  std::string text =
      fmt::format("{}{}{:02}:{:02}:{:02}", date, between, second / 3600, second / 60 % 60, second % 60);
  if (fraction != 0) {
    text += fmt::format(".{:0{}}", fraction, digits);
    while (text.back() == '0') text.pop_back();
  }
  text += offset;
  return text + era;
}

template <typename Real>
std::string shortest(Real value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, end.ptr};
}

std::string real_text(Kind kind, double value) {
  return kind == Kind::float_ ? shortest(static_cast<float>(value)) : shortest(value);
}

std::string_view checked_text(std::string_view text) {
  if (core::valid_text(text)) return text;
  throw BadValue(text.find('\0') != std::string_view::npos
                     ? "holds a NUL byte, which PostgreSQL's text cannot"
                     : "is not UTF-8");
}

// Months or seconds, as PostgreSQL reads an interval.
std::string interval_text(Kind kind, const RecordValue& value) {
  if (kind == Kind::interval_year_month) return fmt::format("{} mons", value.integer);
  // The nanoseconds of a negative interval are added, as with MaxCompute's times.
  const int64_t micros = value.nanos / 1000;
  if (value.integer >= 0 || micros == 0) return fmt::format("{}.{:06} secs", value.integer, micros);
  return fmt::format("-{}.{:06} secs", -(value.integer + 1), 1000000 - micros);
}

// Plain notation that JSON takes as a number.
bool is_json_number(std::string_view text) {
  size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t first = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  if (at == first || (at - first > 1 && text[first] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    const size_t point = at++;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == point + 1) return false;
  }
  return at == text.size();
}

void append_json_string(std::string_view text, std::string& out) {
  checked_text(text);
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

// Text of a JSON column inside another value must be one whole JSON value, or it would change what is around
// it.
void append_json_value(std::string_view text, std::string& out) {
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::BaseReaderHandler<> nothing;
  rapidjson::Reader reader;
  const auto done = reader.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag |
                                 rapidjson::kParseValidateEncodingFlag>(bytes, nothing);
  if (done.IsError()) throw BadValue("holds text in a JSON value that is not JSON");
  out += checked_text(text);
}

void append_array(const MaxComputeType& type, const RecordValue& value, std::string& out) {
  out += '[';
  for (size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ',';
    append_json(type.children[0], value.items[i], out);
  }
  out += ']';
}

void append_struct(const MaxComputeType& type, const RecordValue& value, std::string& out) {
  out += '{';
  for (size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(type.fields[i], out);
    out += ':';
    append_json(type.children[i], value.items[i], out);
  }
  out += '}';
}

// Keys become strings.
void append_map(const MaxComputeType& type, const RecordValue& value, std::string& out) {
  out += '{';
  for (size_t i = 0; i + 1 < value.items.size(); i += 2) {
    if (value.items[i].null) throw BadValue("holds a map with a NULL key, which JSON does not allow");
    if (i > 0) out += ',';
    std::string key;
    append_json(type.children[0], value.items[i], key);
    if (key[0] == '"') {
      out += key;
    } else {
      append_json_string(key, out);
    }
    out += ':';
    append_json(type.children[1], value.items[i + 1], out);
  }
  out += '}';
}

// Scalars whose JSON form is a string.
std::string json_scalar(Kind kind, const RecordValue& value) {
  switch (kind) {
    case Kind::date:
      return date_text(value.integer);
    case Kind::datetime:
      return write_moment(floor_div(value.integer, 1000), floor_mod(value.integer, 1000), 3, 'T', "+00:00");
    case Kind::timestamp:
      return write_moment(value.integer, value.nanos, 9, 'T', "+00:00");
    case Kind::timestamp_ntz:
      return write_moment(value.integer, value.nanos, 9, 'T', "");
    case Kind::binary:
      return core::base64_encode(value.bytes);
    default:
      return interval_text(kind, value);
  }
}

}  // namespace

std::string date_text(int64_t days) {
  if (days > 4 * kMaxDays || days < -kMaxDays) throw BadValue("is a time outside of PostgreSQL's range");
  const Day day = day_of(days);
  if (day.year > 0) return fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day);
  return fmt::format("{:04}-{:02}-{:02} BC", 1 - day.year, day.month, day.day);
}

void copy_value(const MaxComputeType& type, const RecordValue& value, CopyText& copy) {
  if (value.null) return copy.null();
  switch (type.kind) {
    case Kind::tinyint:
    case Kind::smallint:
    case Kind::int_:
    case Kind::bigint:
      return copy.plain(fmt::format_int(value.integer).c_str());
    case Kind::boolean:
      return copy.plain(value.integer != 0 ? "t" : "f");
    case Kind::float_:
    case Kind::double_:
      return copy.plain(real_text(type.kind, value.real));
    case Kind::string:
    case Kind::varchar:
    case Kind::json:
    case Kind::decimal:
      return copy.text(checked_text(value.bytes));
    case Kind::char_:
      return copy.text(checked_text(core::trimmed_end(value.bytes, " ")));
    case Kind::binary:
      return copy.bytes(value.bytes);
    case Kind::date:
      return copy.plain(date_text(value.integer));
    case Kind::datetime:
      return copy.plain(
          write_moment(floor_div(value.integer, 1000), floor_mod(value.integer, 1000), 3, ' ', "+00"));
    case Kind::timestamp:  // PostgreSQL keeps microseconds; what is below is cut off
      return copy.plain(write_moment(value.integer, value.nanos / 1000, 6, ' ', "+00"));
    case Kind::timestamp_ntz:
      return copy.plain(write_moment(value.integer, value.nanos / 1000, 6, ' ', ""));
    case Kind::interval_year_month:
    case Kind::interval_day_time:
      return copy.plain(interval_text(type.kind, value));
    case Kind::array:
    case Kind::map:
    case Kind::struct_: {
      std::string json;
      append_json(type, value, json);
      return copy.text(json);
    }
  }
}

void append_json(const MaxComputeType& type, const RecordValue& value, std::string& out) {
  if (value.null) {
    out += "null";
    return;
  }
  switch (type.kind) {
    case Kind::tinyint:
    case Kind::smallint:
    case Kind::int_:
    case Kind::bigint:
      out += fmt::format_int(value.integer).c_str();
      return;
    case Kind::boolean:
      out += value.integer != 0 ? "true" : "false";
      return;
    case Kind::float_:
    case Kind::double_: {
      const std::string text = real_text(type.kind, value.real);
      if (std::isfinite(value.real)) {
        out += text;
      } else {
        append_json_string(text, out);
      }
      return;
    }
    case Kind::decimal:
      if (is_json_number(value.bytes)) {
        out += value.bytes;
      } else {
        append_json_string(value.bytes, out);
      }
      return;
    case Kind::json:
      return append_json_value(value.bytes, out);
    case Kind::string:
    case Kind::varchar:
      return append_json_string(value.bytes, out);
    case Kind::char_:
      return append_json_string(core::trimmed_end(value.bytes, " "), out);
    case Kind::array:
      return append_array(type, value, out);
    case Kind::map:
      return append_map(type, value, out);
    case Kind::struct_:
      return append_struct(type, value, out);
    default:
      return append_json_string(json_scalar(type.kind, value), out);
  }
}

}  // namespace tablegate::loader
