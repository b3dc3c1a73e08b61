#include "core/text/http_date.hpp"

#include <charconv>
#include <cstring>

namespace tablegate::core {

namespace {

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr int64_t kSecondsPerDay = 86400;

// Days since 1970-01-01 of a date of the Gregorian calendar; years begin in March, so that a leap day is the
// last day.
int64_t days_of(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;  // rounded down: January 0000 is of year -1
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

bool leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

// Reads a date from its front. After the first mismatch all reads fail.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool good() const { return good_; }
  bool end() const { return good_ && rest_.empty(); }

  Reader& literal(std::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) return fail();
    rest_.remove_prefix(expected.size());
    return *this;
  }
  // One of the three-letter words in `words`; its index from 0.
  Reader& word(std::string_view words, int& place) {
    for (size_t i = 0; i < words.size(); i += 3) {
      if (rest_.size() >= 3 && rest_.substr(0, 3) == words.substr(i, 3)) {
        place = static_cast<int>(i / 3);
        rest_.remove_prefix(3);
        return *this;
      }
    }
    return fail();
  }
  Reader& digits(size_t count, int& number) {
    if (rest_.size() < count) return fail();
    number = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return fail();
      number = number * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return *this;
  }
  // asctime pads the day with a blank.
  Reader& padded_day(int& day) {
    if (!rest_.empty() && rest_[0] == ' ') return literal(" ").digits(1, day);
    return digits(2, day);
  }
  // "Sunday", "Monday", ...; only the first three letters are checked.
  Reader& long_day() {
    constexpr std::string_view kRests[] = {"day", "day", "sday", "nesday", "rsday", "day", "urday"};
    int place = 0;
    word(kDays, place);
    return good_ ? literal(kRests[place]) : *this;
  }
  Reader& time(int& hour, int& minute, int& second) {
    return digits(2, hour).literal(":").digits(2, minute).literal(":").digits(2, second);
  }

 private:
  Reader& fail() {
    good_ = false;
    rest_ = {};
    return *this;
  }

  std::string_view rest_;
  bool good_ = true;
};

struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;  // month from 0
};

std::optional<int64_t> seconds_of(const Moment& at) {
  constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int length = kLengths[at.month] + (at.month == 1 && leap(at.year) ? 1 : 0);
  if (at.day < 1 || at.day > length || at.hour > 23 || at.minute > 59 || at.second > 60) return std::nullopt;
  return days_of(at.year, at.month + 1, at.day) * kSecondsPerDay + at.hour * 3600 + at.minute * 60 +
         at.second;
}

// Wed, 01 Jan 2025 00:00:00 GMT[+00:00]
bool imf_date(std::string_view text, Moment& at) {
  constexpr std::string_view kOffset = "+00:00";
  if (text.size() > kHttpDateSize && text.substr(text.size() - kOffset.size()) == kOffset)
    text.remove_suffix(kOffset.size());
  int day_of_week = 0;
  Reader in(text);
  in.word(kDays, day_of_week).literal(", ").digits(2, at.day).literal(" ").word(kMonths, at.month);
  in.literal(" ").digits(4, at.year).literal(" ").time(at.hour, at.minute, at.second).literal(" GMT");
  return in.end();
}

// Wednesday, 01-Jan-25 00:00:00 GMT
bool rfc850_date(std::string_view text, int64_t now, Moment& at) {
  Reader in(text);
  in.long_day().literal(", ").digits(2, at.day).literal("-").word(kMonths, at.month).literal("-");
  in.digits(2, at.year).literal(" ").time(at.hour, at.minute, at.second).literal(" GMT");
  if (!in.end()) return false;
  const int this_year = static_cast<int>(1970 + now / 31556952);  // the mean year of the calendar
  at.year += this_year / 100 * 100;
  if (at.year > this_year + 50) at.year -= 100;
  return true;
}

// Wed Jan  1 00:00:00 2025
bool asctime_date(std::string_view text, Moment& at) {
  int day_of_week = 0;
  Reader in(text);
  in.word(kDays, day_of_week).literal(" ").word(kMonths, at.month).literal(" ").padded_day(at.day);
  in.literal(" ").time(at.hour, at.minute, at.second).literal(" ").digits(4, at.year);
  return in.end();
}

}  // namespace

std::optional<int64_t> parse_http_date(std::string_view text, int64_t now) {
  Moment at;
  if (imf_date(text, at) || rfc850_date(text, now, at) || asctime_date(text, at)) return seconds_of(at);
  return std::nullopt;
}

std::optional<int64_t> parse_milliseconds(std::string_view text) {
  int64_t number = 0;
  if (text.empty() || text[0] == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number / 1000;
}

void format_http_date(int64_t seconds, char (&out)[kHttpDateSize + 1]) {
  const int64_t days = seconds / kSecondsPerDay - (seconds % kSecondsPerDay < 0 ? 1 : 0);
  const int64_t second = seconds - days * kSecondsPerDay;
  // The inverse of days_of().
  const int64_t shifted = days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;  // from March
  const int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
  const int64_t calendar_month = month < 10 ? month + 2 : month - 10;  // from 0
  const int64_t year = year_of_era + era * 400 + (calendar_month <= 1 ? 1 : 0);
  const int64_t week_day = ((days + 4) % 7 + 7) % 7;

  std::memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", sizeof(out));
  kDays.copy(out, 3, static_cast<size_t>(week_day) * 3);
  kMonths.copy(out + 8, 3, static_cast<size_t>(calendar_month) * 3);
  const auto put = [&out](size_t at, size_t count, int64_t number) {
    for (size_t i = count; i-- > 0; number /= 10) out[at + i] = static_cast<char>('0' + number % 10);
  };
  put(5, 2, day);
  put(12, 4, year);
  put(17, 2, second / 3600);
  put(20, 2, second / 60 % 60);
  put(23, 2, second % 60);
}

}  // namespace tablegate::core
