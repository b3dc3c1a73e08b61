// The time formats that clients sign. The input's first byte chooses the
// current year; the rest is a date and a number of milliseconds, and eight
// bytes of it a moment to write. The results are compared with the C library's
// calendar.
#include <algorithm>
#include <cstdint>
#include <ctime>

#include "core/text/http_date.hpp"
#include "fuzzing.hpp"

using namespace tablegate::core;

namespace {

constexpr int64_t kYear = 31556952;             // its mean length
constexpr int64_t kFirst = -62167219200;        // 0000-01-01 00:00:00
constexpr int64_t kEnd = 253402300800;          // 10000-01-01 00:00:00
constexpr int64_t kSlack = 2 * int64_t{86400};  // years are longer and shorter than the mean one

// What is written is what the C library writes, and is read back as the same moment.
void check_written(int64_t seconds) {
  char text[kHttpDateSize + 1];
  format_http_date(seconds, text);
  INVARIANT(std::strlen(text) == kHttpDateSize);
  const auto time = static_cast<time_t>(seconds);
  std::tm parts{};
  INVARIANT(gmtime_r(&time, &parts) != nullptr);
  if (parts.tm_year >= 1000 - 1900) {  // strftime does not pad earlier ones
    char wanted[64];
    std::strftime(wanted, sizeof(wanted), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    INVARIANT(std::string_view(text) == wanted);
  }
  INVARIANT(parse_http_date(text, 0) == seconds);
  INVARIANT(parse_http_date(std::string(text) + "+00:00", 0) == seconds);
}

int number_at(std::string_view text, size_t at, size_t count) {
  return std::stoi(std::string(text.substr(at, count)));
}

// The result of timegm() for an accepted date; the form gives the positions of its numbers.
int64_t second_opinion(std::string_view text, int64_t parsed) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const size_t comma = text.find(',');
  const bool asctime = comma == std::string_view::npos;
  const bool short_year = comma > 3;
  const size_t day = asctime ? 8 : comma + 2;
  const size_t month = asctime ? 4 : comma + 5;
  const size_t clock = asctime ? 11 : comma + (short_year ? 12 : 14);
  std::tm parts{};
  parts.tm_mday = number_at(text, day, 2);
  parts.tm_mon = static_cast<int>(kMonths.find(text.substr(month, 3)) / 3);
  parts.tm_hour = number_at(text, clock, 2);
  parts.tm_min = number_at(text, clock + 3, 2);
  parts.tm_sec = number_at(text, clock + 6, 2);
  parts.tm_year = number_at(text, asctime ? 20 : comma + 9, short_year && !asctime ? 2 : 4) - 1900;
  if (short_year && !asctime) {  // core chooses its century: check_date() checks it
    const auto time = static_cast<time_t>(parsed);
    std::tm chosen{};
    INVARIANT(gmtime_r(&time, &chosen) != nullptr);
    // A leap second may have carried over.
    const int year = parts.tm_year + 1900;
    for (const int century : {chosen.tm_year + 1900, chosen.tm_year + 1899}) {
      if ((century % 100 + 100) % 100 == year) parts.tm_year = century - 1900;
    }
  }
  INVARIANT(parts.tm_sec <= 60 && parts.tm_min <= 59 && parts.tm_hour <= 23);
  const int wanted_day = parts.tm_mday;
  const int wanted_month = parts.tm_mon;
  std::tm normal = parts;
  normal.tm_hour = normal.tm_min = normal.tm_sec = 0;
  timegm(&normal);
  INVARIANT(normal.tm_mday == wanted_day && normal.tm_mon == wanted_month);  // the date exists
  return timegm(&parts);
}

void check_date(std::string_view text, int64_t now) {
  const std::optional<int64_t> seconds = parse_http_date(text, now);
  if (!seconds) return;
  INVARIANT(*seconds >= kFirst && *seconds <= kEnd);
  INVARIANT(second_opinion(text, *seconds) == *seconds);
  if (*seconds < kEnd) check_written(*seconds);
  const size_t comma = text.find(',');
  if (comma != std::string_view::npos && comma > 3) {
    const int64_t ahead = *seconds - now;
    INVARIANT(ahead < 51 * kYear + kSlack && ahead > -100 * kYear - kSlack);
  } else {
    INVARIANT(parse_http_date(text, now + 100 * kYear) == seconds);  // its century is written
  }
}

// Digits alone, as many as 64 bits hold.
void check_milliseconds(std::string_view text) {
  const std::optional<int64_t> seconds = parse_milliseconds(text);
  unsigned __int128 value = 0;
  bool digits = !text.empty();
  for (const char c : text) {
    digits = digits && c >= '0' && c <= '9';
    if (digits && value <= INT64_MAX) value = value * 10 + static_cast<unsigned>(c - '0');
  }
  INVARIANT(seconds.has_value() == (digits && value <= INT64_MAX));
  if (seconds) INVARIANT(*seconds == static_cast<int64_t>(value / 1000));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const int64_t now = data[0] * 3 * kYear;  // 1970 to 2735
  check_date(text, now);
  check_milliseconds(text);
  uint64_t bits = 0;
  std::memcpy(&bits, text.data(), std::min(text.size(), sizeof(bits)));
  check_written(kFirst + static_cast<int64_t>(bits % static_cast<uint64_t>(kEnd - kFirst)));
  return 0;
}
