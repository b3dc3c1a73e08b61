#include "source/csv/time_format.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <ctime>
#include <utility>

#include "base/refusal.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
constexpr std::string_view kKnown = "YymdeHIMSbBfpzs%";

using core::is_digit;

std::string expand(const std::string& format) {
  constexpr std::pair<char, const char*> kShort[] = {
      {'F', "%Y-%m-%d"}, {'T', "%H:%M:%S"}, {'R', "%H:%M"}, {'D', "%m/%d/%y"}, {'h', "%b"}};
  std::string out;
  for (size_t at = 0; at < format.size(); ++at) {
    out += format[at];
    if (format[at] != '%' || at + 1 == format.size()) continue;
    const char letter = format[++at];
    const char* whole = nullptr;
    for (const auto& [name, text] : kShort) {
      if (name == letter) whole = text;
    }
    if (whole == nullptr)
      out += letter;
    else
      out.replace(out.size() - 1, 1, whole);
  }
  return out;
}

// One text against one format.
class Reader {
 public:
  Reader(std::string_view format, std::string_view text) : format_(format), text_(text) {}

  bool read() {
    skip_blanks();
    for (size_t at = 0; at < format_.size(); ++at) {
      if (format_[at] == ' ') {
        if (!text_.empty() && text_.front() != ' ') return false;
        skip_blanks();
      } else if (format_[at] == '%') {
        if (!part(format_[++at])) return false;
      } else if (!take(format_[at])) {
        return false;
      }
    }
    skip_blanks();
    return text_.empty() && settle();
  }

  std::string iso() const {
    std::string out =
        fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", year_, month_, day_, hour_, minute_, second_);
    if (!fraction_.empty()) out.append(".").append(fraction_);
    return out + offset_;
  }
  TimeExtras extras() const {
    const bool fraction = fraction_.find_first_not_of('0') != std::string_view::npos;
    return {hour_ != 0 || minute_ != 0 || second_ != 0 || fraction, !offset_.empty()};
  }

 private:
  void skip_blanks() {
    while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
  }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool number(size_t least, size_t most, int low, int high, int& value) {
    size_t size = 0;
    value = 0;
    while (size < most && size < text_.size() && is_digit(text_[size]))
      value = value * 10 + (text_[size++] - '0');
    if (size < least || value < low || value > high) return false;
    text_.remove_prefix(size);
    return true;
  }

  bool part(char letter) {
    switch (letter) {
      case 'Y':
        return number(4, 4, 1, 9999, year_);
      case 'y':
        if (!number(2, 2, 0, 99, year_)) return false;
        year_ += year_ < 69 ? 2000 : 1900;  // as POSIX's strptime
        return true;
      case 'm':
        return number(1, 2, 1, 12, month_);
      case 'd':
      case 'e':
        skip_blanks();
        return number(1, 2, 1, 31, day_);
      case 'H':
        return number(1, 2, 0, 24, hour_);
      case 'I':
        return number(1, 2, 1, 12, hour_);
      case 'M':
        return number(1, 2, 0, 59, minute_);
      case 'S':
        return number(1, 2, 0, 60, second_);
      case 'b':
      case 'B':
        return month();
      case 'f':
        return fraction();
      case 'p':
        return half();
      case 'z':
        return offset();
      case 's':
        return seconds();
      default:
        return take('%');
    }
  }

  // Its whole name, or the first three letters of it.
  bool month() {
    for (int i = 0; i < 12; ++i) {
      const std::string_view name = kMonths[i];
      size_t size = 0;
      while (size < name.size() && size < text_.size() && core::to_lower(text_[size]) == name[size]) ++size;
      if (size < 3) continue;
      month_ = i + 1;
      text_.remove_prefix(size == name.size() ? size : 3);
      return true;
    }
    return false;
  }
  bool fraction() {
    size_t size = 0;
    while (size < text_.size() && is_digit(text_[size])) ++size;
    fraction_ = text_.substr(0, size);
    text_.remove_prefix(size);
    return size > 0;
  }
  bool half() {
    if (text_.size() < 2 || core::to_lower(text_[1]) != 'm') return false;
    const char letter = core::to_lower(text_[0]);
    half_ = letter;
    text_.remove_prefix(2);
    return letter == 'a' || letter == 'p';
  }
  bool offset() {
    if (take('Z') || take('z')) {
      offset_ = "Z";
      return true;
    }
    const std::string_view begin = text_;
    if (!take('+') && !take('-')) return false;
    int value = 0;
    if (!number(2, 2, 0, 15, value)) return false;
    const bool colon = take(':');
    if (colon || (!text_.empty() && is_digit(text_.front()))) {
      if (!number(2, 2, 0, 59, value)) return false;
      if (colon && take(':') && !number(2, 2, 0, 59, value)) return false;
    }
    offset_ = begin.substr(0, begin.size() - text_.size());
    return true;
  }
  bool seconds() {
    const bool minus = take('-');
    int64_t value = 0;
    size_t size = 0;
    while (size < 12 && size < text_.size() && is_digit(text_[size]))
      value = value * 10 + (text_[size++] - '0');
    text_.remove_prefix(size);
    const time_t moment = minus ? -value : value;
    std::tm fields{};
    if (size == 0 || gmtime_r(&moment, &fields) == nullptr) return false;
    year_ = fields.tm_year + 1900;
    month_ = fields.tm_mon + 1;
    day_ = fields.tm_mday;
    hour_ = fields.tm_hour;
    minute_ = fields.tm_min;
    second_ = fields.tm_sec;
    offset_ = "Z";
    return year_ >= 1 && year_ <= 9999;
  }
  bool settle() {
    if (half_ == 'p' && hour_ < 12) hour_ += 12;
    if (half_ == 'a' && hour_ == 12) hour_ = 0;
    return true;
  }

  std::string_view format_;
  std::string_view text_;
  int year_ = 0;
  int month_ = 0;
  int day_ = 0;
  int hour_ = 0;
  int minute_ = 0;
  int second_ = 0;
  char half_ = '\0';
  std::string_view fraction_;
  std::string offset_;
};

}  // namespace

TimeFormat::TimeFormat(const std::string& format) : text_(format), expanded_(expand(format)) {
  const auto refuse = [&format](const std::string& reason) {
    throw WrongUsage(fmt::format("--time-format \"{}\": {}", format, reason));
  };
  std::string seen;
  for (size_t at = 0; at < expanded_.size(); ++at) {
    if (expanded_[at] != '%') continue;
    const char letter = ++at < expanded_.size() ? expanded_[at] : '\0';
    if (letter == 'Z')
      refuse(
          "%Z is not read, because a zone's abbreviation has several meanings: write the word itself, and "
          "--zone");
    if (letter == '\0' || kKnown.find(letter) == std::string_view::npos)
      refuse("known are %Y %m %d %H %M %S %b %B %e %F %T %R %D %y %I %p %f %z %s and %%");
    const char same = letter == 'y'                    ? 'Y'
                      : letter == 'e'                  ? 'd'
                      : letter == 'b' || letter == 'B' ? 'm'
                      : letter == 'I'                  ? 'H'
                                                       : letter;
    if (same != '%' && seen.find(same) != std::string::npos) refuse("gives a part of the time twice");
    if (letter == 'I') seen += 'I';
    seen += same;
  }
  const auto has = [&seen](char letter) { return seen.find(letter) != std::string::npos; };
  if (has('s') ? seen != "s" && seen != "sf" : !has('Y') || !has('m') || !has('d'))
    refuse("is no whole date: %Y (or %y), %m (or %b) and %d, or %s alone");
  if (has('I') != has('p')) refuse("%I and %p go together");
  if (has('f') && !has('s') && !has('S')) refuse("%f follows %S");
}

bool TimeFormat::read(std::string_view text, std::string& out, TimeExtras& extras) const {
  Reader reader(expanded_, text);
  if (!reader.read()) return false;
  out = reader.iso();
  extras = reader.extras();
  return true;
}

std::string read_formatted_time(std::string_view text, TimeKind kind,
                                const std::vector<TimeFormat>& formats) {
  std::string out;
  TimeExtras extras;
  for (const TimeFormat& format : formats) {
    if (!format.read(text, out, extras)) continue;
    check_extras(extras, kind, text);
    return kind == TimeKind::date ? out.substr(0, 10) : out;
  }
  std::string all;
  for (const TimeFormat& format : formats)
    all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", format.text());
  throw BadTime(fmt::format("{} is not of --time-format {}", shown_value(text), all));
}

}  // namespace tablegate::loader
