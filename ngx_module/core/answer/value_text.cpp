#include "core/answer/value_text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

// The end of `text` where PostgreSQL's ISO output has its offset: "+08", "-03:30", "+08:05:43". npos: none.
size_t offset_start(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return space;
  return text.find_first_of("+-", space);
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// YYYY-MM-DD hh:mm:ss[.f] -> the same with T, trailing zeros of the fraction dropped. PostgreSQL drops them
// already.
void put_instant(std::string_view text, char*& out) {
  const size_t space = text.find(' ');
  std::memcpy(out, text.data(), text.size());
  if (space != std::string_view::npos) out[space] = 'T';
  out += text.size();
}

// Seconds since a day near the date given (a civil-day count, Howard Hinnant's public algorithm); only
// differences of two of them are used. False when the text has another form; a year BC is one.
bool wall_seconds(std::string_view text, int64_t& seconds) {
  if (ends_with(text, " BC")) return false;
  int64_t fields[6] = {0, 0, 0, 0, 0, 0};
  size_t field = 0;
  bool any = false;
  for (char c : text) {
    if (c >= '0' && c <= '9') {
      fields[field] = fields[field] * 10 + (c - '0');
      if (fields[field] > 9999999) return false;
      any = true;
      continue;
    }
    if (c == '.' && field == 5 && any) break;
    if ((c != '-' && c != ' ' && c != ':') || !any || ++field > 5) return false;
    any = false;
  }
  const size_t point = text.find('.');
  if (field != 5 || (point != std::string_view::npos &&
                     text.find_first_not_of("0123456789", point + 1) != std::string_view::npos)) {
    return false;
  }
  int64_t year = fields[0];
  const int64_t month = fields[1];
  year -= month <= 2 ? 1 : 0;
  const int64_t era = year / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + fields[2] - 1;
  const int64_t days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  seconds = days * 86400 + fields[3] * 3600 + fields[4] * 60 + fields[5];
  return true;
}

void put_two_digits(int64_t number, char*& out) {
  *out++ = static_cast<char>('0' + number / 10);
  *out++ = static_cast<char>('0' + number % 10);
}

// Whether RFC 3339 has a form for the year of a time that is not BC: it has four digits.
bool has_plain_year(std::string_view text) {
  return text.size() > 4 && text[4] == '-';
}

// `clock` is PostgreSQL's, without its offset.
char* put_date_time(std::string_view clock, std::string_view offset, char* out) {
  put_instant(clock, out);
  return std::copy(offset.begin(), offset.end(), out);  // may be empty, without data
}

}  // namespace

char* put_timestamptz(std::string_view utc, std::string_view wall, char* out) {
  const size_t offset_at = offset_start(utc);
  int64_t utc_clock = 0;
  int64_t wall_clock = 0;
  if (offset_at == std::string_view::npos || ends_with(utc, " BC") ||
      !wall_seconds(utc.substr(0, offset_at), utc_clock))
    return nullptr;  // infinity, -infinity, BC
  const std::string_view clock = utc.substr(0, offset_at);
  if (wall.empty() && has_plain_year(clock)) return put_date_time(clock, "+00:00", out);
  if (has_plain_year(wall) && wall_seconds(wall, wall_clock)) {
    const int64_t offset = wall_clock - utc_clock;
    if (offset % 60 == 0 && offset > -86400 && offset < 86400) {
      char text[] = "+hh:mm";
      char* digits = text;
      *digits++ = offset < 0 ? '-' : '+';
      const int64_t minutes = (offset < 0 ? -offset : offset) / 60;
      put_two_digits(minutes / 60, digits);
      ++digits;
      put_two_digits(minutes % 60, digits);
      return put_date_time(wall, {text, sizeof text - 1}, out);
    }
  }
  return has_plain_year(clock) ? put_date_time(clock, "Z", out) : nullptr;
}

char* put_timestamp(std::string_view text, char* out) {
  if (ends_with(text, " BC") || !has_plain_year(text)) return nullptr;
  return put_date_time(text, {}, out);
}

char* put_base64(std::string_view text, char* out) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() < 2 || text.substr(0, 2) != "\\x" || text.size() % 2 != 0) return nullptr;
  text.remove_prefix(2);
  const size_t size = text.size() / 2;
  for (size_t at = 0; at < size; at += 3) {
    unsigned bits = 0;
    const size_t count = std::min<size_t>(3, size - at);
    for (size_t i = 0; i < 3; ++i) {
      bits <<= 8U;
      if (i < count) {
        bits |= static_cast<unsigned>(hex_value(text[2 * (at + i)]) * 16 + hex_value(text[2 * (at + i) + 1]));
      }
    }
    *out++ = kAlphabet[bits >> 18U & 63U];
    *out++ = kAlphabet[bits >> 12U & 63U];
    *out++ = count > 1 ? kAlphabet[bits >> 6U & 63U] : '=';
    *out++ = count > 2 ? kAlphabet[bits & 63U] : '=';
  }
  return out;
}

}  // namespace tablegate::core
