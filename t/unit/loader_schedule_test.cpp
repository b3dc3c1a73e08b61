// Schedules of refreshes: the valid ones, and their next times, also over
// changes of the clock. The expected times are those of `date -d` and
// crontab(5).
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>

#include "model/schedule.hpp"
#include "model/time_zone.hpp"

#include "loader_testing.hpp"  // last: see there

using tablegate::loader::bad_time_zone;
using tablegate::loader::Schedule;
using tablegate::loader::testing::same_text;

namespace {

// 2026-11-25 16:20:20 UTC, a Wednesday
constexpr int64_t kNow = 1795623620;

std::string fault_of(const std::string& text) {
  std::string fault;
  return Schedule::parse(text, fault) ? "(good)" : fault;
}

std::string next(const std::string& text, int64_t after, const std::string& zone = "UTC") {
  std::string fault;
  const auto schedule = Schedule::parse(text, fault);
  if (!schedule) return fault;
  const time_t at = static_cast<time_t>(schedule->next_after(after, zone));
  std::tm fields{};
  gmtime_r(&at, &fields);
  char out[32];
  strftime(out, sizeof out, "%a %Y-%m-%d %H:%M:%S", &fields);
  return out;
}

START_TEST(intervals) {
  same_text(next("10s", kNow), "Wed 2026-11-25 16:20:30");
  same_text(next("15m", kNow), "Wed 2026-11-25 16:35:20");
  same_text(next("6h", kNow), "Wed 2026-11-25 22:20:20");
  same_text(next("366d", kNow), "Fri 2027-11-26 16:20:20");
}
END_TEST

START_TEST(no_schedules) {
  for (const char* text :
       {"", "0s", "367d", "15", "m", "-5m", "1.5h", "15 m x", "999999999999m", "15M", "+5m"})
    ck_assert_msg(fault_of(text) != "(good)", "\"%s\" was taken", text);
  for (const char* text : {"60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8",
                           "* * * *", "* * * * * *", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *",
                           ", * * * *", "a * * * *", "* * * foo *", "-1 * * * *", "1- * * * *"})
    ck_assert_msg(fault_of(text) != "(good)", "\"%s\" was taken", text);
  same_text(fault_of("0 0 30 2 *"), "never comes: no such day in these months");
  same_text(fault_of("0 24 * * *"), "\"24\" is not a valid hour (0 to 23, with * , - and /)");
  same_text(fault_of("0 0 * *"), "has 4 fields, a cron expression has 5: minute hour day month weekday");
}
END_TEST

// The same for PostgreSQL and the C library.
START_TEST(names_of_zones) {
  for (const char* zone : {"UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "America/Port-au-Prince",
                           "Pacific/Honolulu", "Antarctica/Troll"})
    same_text(bad_time_zone(zone), "");
  for (const char* zone : {"",
                           " ",
                           "CET",
                           "utc",
                           "Etc/UTC",
                           "GMT",
                           "CST6CDT",
                           "asia/shanghai",
                           "Asia",
                           "Asia/",
                           "/Shanghai",
                           "Etc/GMT+8",
                           "posix/Asia/Tokyo",
                           "UTC+8",
                           "<+08>-8",
                           "Asia/Shanghai\n",
                           "../Asia/Tokyo",
                           "Asia/../../x",
                           "US/Pacific",
                           "Factory",
                           "localtime"})
    ck_assert_msg(!bad_time_zone(zone).empty(), "%s", zone);
  same_text(bad_time_zone("JST"), "\"JST\" does not mean the same to all programs: write Asia/Tokyo");
}
END_TEST

START_TEST(zones_of_this_host) {
  std::string fault;
  const auto cron = Schedule::parse("0 3 * * *", fault);
  const auto interval = Schedule::parse("1h", fault);
  ck_assert(cron && interval);
  same_text(cron->zone_fault("Asia/Kathmandu"), "");
  setenv("TZDIR", "/nonexistent", 1);
  same_text(
      cron->zone_fault("Asia/Kathmandu"),
      "requires the time zone Asia/Kathmandu, which this host does not know (/nonexistent/Asia/Kathmandu: "
      "No such file or directory)");
  same_text(cron->zone_fault("UTC"), "");
  same_text(interval->zone_fault("Asia/Kathmandu"), "");
  unsetenv("TZDIR");
}
END_TEST

START_TEST(cron) {
  same_text(next("* * * * *", kNow), "Wed 2026-11-25 16:21:00");
  same_text(next("* * * * *", 1795623660), "Wed 2026-11-25 16:22:00");  // after, not at
  same_text(next("*/15 * * * *", kNow), "Wed 2026-11-25 16:30:00");
  same_text(next("5/20 * * * *", kNow), "Wed 2026-11-25 16:25:00");
  same_text(next("0 3 * * *", kNow), "Thu 2026-11-26 03:00:00");
  same_text(next("@daily", kNow), "Thu 2026-11-26 00:00:00");
  same_text(next("@midnight", kNow), "Thu 2026-11-26 00:00:00");
  same_text(next("@annually", kNow), next("@yearly", kNow));
  for (const char* word : {"@never", "@reboot", "@", "@daily ", "@Daily"})
    same_text(fault_of(word),
              "is none of @hourly, @daily (or @midnight), @weekly, @monthly and @yearly (or @annually)");
  same_text(next("@monthly", kNow), "Tue 2026-12-01 00:00:00");
  same_text(next("0 9-17/4 * * Mon-Fri", kNow), "Wed 2026-11-25 17:00:00");
  same_text(next("0 0 * * 7", kNow), "Sun 2026-11-29 00:00:00");
  same_text(next("0 0 * * sun", kNow), "Sun 2026-11-29 00:00:00");
  same_text(next("0 0 29 FEB *", kNow), "Tue 2028-02-29 00:00:00");
  same_text(next("0 0 29 2 */7", kNow), "Sun 2032-02-29 00:00:00");  // both, since one begins with *
  same_text(next("0 0 13 * 5", kNow), "Fri 2026-11-27 00:00:00");    // either
  same_text(next("59 23 31 12 *", kNow), "Thu 2026-12-31 23:59:00");
}
END_TEST

START_TEST(zones) {
  same_text(next("0 3 * * *", kNow, "Asia/Shanghai"), "Wed 2026-11-25 19:00:00");
  same_text(next("0 3 * * *", kNow, "Asia/Kathmandu"), "Wed 2026-11-25 21:15:00");
  same_text(next("0 12 * * *", kNow, "America/New_York"), "Wed 2026-11-25 17:00:00");
  const char* const before = getenv("TZ");
  ck_assert_msg(before == nullptr || std::string(before) != "America/New_York",
                "the zone of the process is left as it was");
}
END_TEST

// Berlin, 2026: on 29 March 02:00 becomes 03:00 (01:00 UTC), on 25 October 03:00 becomes 02:00 (01:00 UTC).
START_TEST(changes_of_the_clock) {
  constexpr int64_t kSpring = 1774738800;  // 2026-03-28 23:00 UTC, midnight there
  same_text(next("30 2 * * *", kSpring, "Europe/Berlin"), "Sun 2026-03-29 01:00:00");
  same_text(next("30 2 * * *", 1774746000, "Europe/Berlin"), "Mon 2026-03-30 00:30:00");
  same_text(next("0 3 * * *", kSpring, "Europe/Berlin"), "Sun 2026-03-29 01:00:00");
  constexpr int64_t kAutumn = 1792879200;  // 2026-10-24 22:00 UTC, midnight there
  same_text(next("30 2 * * *", kAutumn, "Europe/Berlin"), "Sun 2026-10-25 00:30:00");
  same_text(next("30 2 * * *", 1792888200, "Europe/Berlin"),
            "Mon 2026-10-26 01:30:00");  // not at the second 02:30
  same_text(next("15 3 * * *", 1792888200, "Europe/Berlin"), "Sun 2026-10-25 02:15:00");
  // A zone whose change is half an hour: Lord Howe, 4 October 2026 02:00 becomes 02:30 (15:30 UTC before).
  same_text(next("15 2 * * *", 1791036000, "Australia/Lord_Howe"), "Sat 2026-10-03 15:30:00");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_schedule", intervals, no_schedules, names_of_zones, zones_of_this_host, cron, zones,
                changes_of_the_clock);
