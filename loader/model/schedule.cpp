#include "model/schedule.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

namespace tablegate::loader {
namespace {

constexpr int64_t kDay = 86400;
constexpr int64_t kMinInterval = 1, kMaxInterval = 366 * kDay;
// 29 February on a given day of the week comes again within 40 years.
constexpr int kSearchYears = 41;

constexpr std::array<const char*, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                 "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<const char*, 7> kWeekDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '-' || error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

struct Field {
  const char* name;
  int least, most;
  const char* const* names;  // of `least` and so on, or null
  int name_count;
};

std::optional<int> value_of(std::string_view text, const Field& field) {
  std::optional<int> value = number(text);
  for (int i = 0; i < field.name_count && !value; ++i) {
    const std::string_view name = field.names[i];
    const bool same = text.size() == name.size() &&
                      std::equal(text.begin(), text.end(), name.begin(),
                                 [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    if (same) value = field.least + i;
  }
  if (value && (*value < field.least || *value > field.most)) return std::nullopt;
  return value;
}

// One item of a list: `*`, `a`, `a-b`, each with `/step`; `a/step` continues to the end.
template <size_t Size>
bool read_item(std::string_view item, const Field& field, std::bitset<Size>& out) {
  int step = 1;
  const size_t slash = item.find('/');
  if (slash != std::string_view::npos) {
    const auto given = number(item.substr(slash + 1));
    if (!given || *given < 1 || *given > field.most) return false;
    step = *given;
    item = item.substr(0, slash);
  }
  int first = field.least;
  int last = field.most;
  if (item != "*") {
    const size_t dash = item.find('-');
    const auto from = value_of(item.substr(0, dash), field);
    const auto to = dash == std::string_view::npos ? from : value_of(item.substr(dash + 1), field);
    if (!from || !to || *from > *to) return false;
    first = *from;
    if (dash != std::string_view::npos || slash == std::string_view::npos) last = *to;
  }
  for (int value = first; value <= last; value += step) {
    // Sunday is 0 and 7.
    out.set(static_cast<size_t>(value) % (field.most == 7 ? 7 : Size));
  }
  return true;
}

template <size_t Size>
bool read_field(std::string_view text, const Field& field, std::bitset<Size>& out, std::string& fault) {
  out.reset();
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    if (!read_item(text.substr(at, comma - at), field, out)) {
      fault = fmt::format("\"{}\" is not a valid {} ({} to {}, with * , - and /)", text, field.name,
                          field.least, field.most);
      return false;
    }
    at = comma + 1;
  }
  return true;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  for (size_t at = text.find_first_not_of(" \t"); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(" \t", at), text.size());
    found.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(" \t", end);
  }
  return found;
}

// The C library knows one time zone, the process's; the loader has one thread.
class ZoneScope {
 public:
  explicit ZoneScope(const std::string& zone) {
    if (const char* const before = std::getenv("TZ")) before_ = before;
    set(zone);
  }
  ~ZoneScope() { set(before_); }
  ZoneScope(const ZoneScope&) = delete;
  ZoneScope& operator=(const ZoneScope&) = delete;

 private:
  static void set(const std::optional<std::string>& zone) {
    if (zone) {
      setenv("TZ", zone->c_str(), 1);
    } else {
      unsetenv("TZ");
    }
    tzset();
  }
  std::optional<std::string> before_;
};

// The instant of a wall-clock time of the zone in scope: the earlier one where it comes twice, the moment of
// the change where it is skipped.
int64_t instant_of(const std::tm& wall) {
  int64_t best = INT64_MAX;
  for (const int summer : {0, 1}) {
    std::tm copy = wall;
    copy.tm_isdst = summer;
    const time_t instant = mktime(&copy);
    std::tm back{};
    localtime_r(&instant, &back);
    if (back.tm_min == wall.tm_min && back.tm_hour == wall.tm_hour && back.tm_mday == wall.tm_mday)
      best = std::min<int64_t>(best, instant);
  }
  if (best != INT64_MAX) return best;
  // Skipped: the first instant whose wall-clock time is not before it, within a day and a quarter hour's
  // grid.
  std::tm copy = wall;
  copy.tm_isdst = -1;
  int64_t low = mktime(&copy) - kDay;
  int64_t high = low + 2 * kDay;
  std::tm target = wall;
  const int64_t wanted = timegm(&target);
  while (high - low > 1) {
    const time_t middle = low + (high - low) / 2;
    std::tm local{};
    localtime_r(&middle, &local);
    (timegm(&local) < wanted ? low : high) = middle;
  }
  return high;
}

}  // namespace

std::optional<Schedule> Schedule::parse(std::string_view text, std::string& fault) {
  Schedule schedule;
  for (const auto& [name, meaning] : {std::pair{"@hourly", "0 * * * *"},
                                      {"@daily", "0 0 * * *"},
                                      {"@midnight", "0 0 * * *"},
                                      {"@weekly", "0 0 * * 0"},
                                      {"@monthly", "0 0 1 * *"},
                                      {"@yearly", "0 0 1 1 *"},
                                      {"@annually", "0 0 1 1 *"}}) {
    if (text == name) text = meaning;
  }
  if (!text.empty() && text.front() == '@') {
    fault = "is none of @hourly, @daily (or @midnight), @weekly, @monthly and @yearly (or @annually)";
    return std::nullopt;
  }
  if (text.find_first_of(" \t*") != std::string_view::npos) {
    if (!schedule.parse_cron(text, fault)) return std::nullopt;
    return schedule;
  }
  const std::optional<int> count =
      text.empty() || text.size() > 9 ? std::nullopt : number(text.substr(0, text.size() - 1));
  const char unit = text.empty() ? '\0' : text.back();
  const int64_t seconds = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? kDay : 0;
  schedule.interval_ = count ? *count * seconds : 0;
  if (schedule.interval_ < kMinInterval || schedule.interval_ > kMaxInterval) {
    fault = "is an interval from 1s to 366d (30s, 15m, 6h, 1d) or a cron expression (0 3 * * *)";
    return std::nullopt;
  }
  return schedule;
}

bool Schedule::parse_cron(std::string_view text, std::string& fault) {
  const std::vector<std::string_view> fields = words(text);
  if (fields.size() != 5) {
    fault =
        fmt::format("has {} fields, a cron expression has 5: minute hour day month weekday", fields.size());
    return false;
  }
  const bool good =
      read_field(fields[0], {"minute", 0, 59, nullptr, 0}, minutes_, fault) &&
      read_field(fields[1], {"hour", 0, 23, nullptr, 0}, hours_, fault) &&
      read_field(fields[2], {"day of month", 1, 31, nullptr, 0}, month_days_, fault) &&
      read_field(fields[3], {"month", 1, 12, kMonths.data(), static_cast<int>(kMonths.size())}, months_,
                 fault) &&
      read_field(fields[4], {"day of week", 0, 7, kWeekDays.data(), static_cast<int>(kWeekDays.size())},
                 week_days_, fault);
  if (!good) return false;
  any_month_day_ = fields[2].front() == '*';
  any_week_day_ = fields[4].front() == '*';
  if (next_after(0, "UTC") == INT64_MAX) {
    fault = "never comes: no such day in these months";
    return false;
  }
  return true;
}

bool Schedule::day_matches(int month_day, int week_day) const {
  const bool in_month = month_days_.test(static_cast<size_t>(month_day));
  const bool in_week = week_days_.test(static_cast<size_t>(week_day));
  return any_month_day_ || any_week_day_ ? in_month && in_week : in_month || in_week;
}

std::string Schedule::zone_fault(const std::string& zone) const {
  if (interval_ > 0 || zone == "UTC" || zone == "Etc/UTC") return {};
  const char* const folder = std::getenv("TZDIR");
  const std::string file = fmt::format("{}/{}", folder == nullptr ? "/usr/share/zoneinfo" : folder, zone);
  if (::access(file.c_str(), R_OK) == 0) return {};
  return fmt::format("requires the time zone {}, which this host does not know ({}: {})", zone, file,
                     std::strerror(errno));
}

int64_t Schedule::next_after(int64_t after, const std::string& zone) const {
  if (interval_ > 0) return after + interval_;
  const ZoneScope scope(zone);
  const time_t from = after;
  std::tm day{};
  localtime_r(&from, &day);
  day.tm_mday -= 1;  // a clock put back may have yesterday's times to come
  const int last_year = day.tm_year + kSearchYears;
  for (;; ++day.tm_mday) {
    day.tm_sec = day.tm_min = day.tm_hour = 0;
    timegm(&day);  // normalises the fields, whatever the zone
    if (day.tm_year > last_year) return INT64_MAX;
    if (!months_.test(static_cast<size_t>(day.tm_mon) + 1) || !day_matches(day.tm_mday, day.tm_wday))
      continue;
    for (int minute = 0; minute < 24 * 60; ++minute) {
      if (!hours_.test(static_cast<size_t>(minute / 60)) || !minutes_.test(static_cast<size_t>(minute % 60)))
        continue;
      std::tm wall = day;
      wall.tm_hour = minute / 60;
      wall.tm_min = minute % 60;
      if (const int64_t instant = instant_of(wall); instant > after) return instant;
    }
  }
}

}  // namespace tablegate::loader
