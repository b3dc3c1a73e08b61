// When a table is due: an interval ("15m") or a cron expression of five fields
// (crontab(5): minute, hour, day of month, month, day of week), read in a time
// zone. A value; parsing is where a definition is refused.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tablegate::loader {

class Schedule {
 public:
  // `text`: "30s", "15m", "6h", "1d" (1 s to 366 days), five fields with * , - / and names of months and
  // days, or @hourly @daily @midnight @weekly @monthly @yearly @annually. `fault` says why it is none.
  static std::optional<Schedule> parse(std::string_view text, std::string& fault);

  // The first moment after `after` (seconds since 1970). Of an interval: `after` plus the interval. Of a cron
  // expression: wall-clock time of `zone` (a name of the time zone database): times that a change of the
  // clock skips count at the moment of the change, times that come twice count once, the first time.
  int64_t next_after(int64_t after, const std::string& zone) const;

  // Seconds; 0: a cron expression.
  int64_t interval() const { return interval_; }

  // Why next_after() would be wrong here, or "": the C library takes a zone that it has no file of for UTC.
  std::string zone_fault(const std::string& zone) const;

 private:
  bool parse_cron(std::string_view text, std::string& fault);
  bool day_matches(int month_day, int week_day) const;

  int64_t interval_ = 0;  // seconds; 0: a cron expression
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> month_days_;  // 1 to 31
  std::bitset<13> months_;      // 1 to 12
  std::bitset<7> week_days_;    // 0: Sunday
  // A field that begins with * restricts nothing; where both days are restricted either counts (crontab(5)).
  bool any_month_day_ = true, any_week_day_ = true;
};

}  // namespace tablegate::loader
