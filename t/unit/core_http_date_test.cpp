// core/http_date: the time formats that clients sign.
#include "core/text/http_date.hpp"

#include <ctime>

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

constexpr int64_t kNow = 1750000000;  // 2025-06-15

std::string date(const std::string& text, int64_t now = kNow) {
  const std::optional<int64_t> seconds = parse_http_date(text, now);
  return seconds ? std::to_string(*seconds) : "none";
}

START_TEST(all_three_forms_are_read) {
  // RFC 9110, section 5.6.7: one moment in three forms.
  ck_text_eq(date("Sun, 06 Nov 1994 08:49:37 GMT"), "784111777");
  ck_text_eq(date("Sunday, 06-Nov-94 08:49:37 GMT"), "784111777");
  ck_text_eq(date("Sun Nov  6 08:49:37 1994"), "784111777");
  ck_text_eq(date("Sun Nov 16 08:49:37 1994"), "784975777");
  ck_text_eq(date("Wed, 09 May 2018 13:30:29 GMT+00:00"), "1525872629");  // Alibaba's SDKs
}
END_TEST

START_TEST(calendar_and_clock_have_their_limits) {
  ck_text_eq(date("Thu, 29 Feb 2024 00:00:00 GMT"), "1709164800");
  ck_text_eq(date("Tue, 29 Feb 2000 00:00:00 GMT"), "951782400");
  ck_text_eq(date("Thu, 01 Jan 1970 00:00:00 GMT"), "0");
  ck_text_eq(date("Wed, 31 Dec 1969 23:59:59 GMT"), "-1");
  ck_text_eq(date("Fri, 31 Dec 9999 23:59:59 GMT"), "253402300799");
  // The first two months of the year 0 belong to a year before it; found by t/fuzz/http_date_fuzz.cpp.
  ck_text_eq(date("Sat, 01 Jan 0000 00:00:00 GMT"), "-62167219200");
  ck_text_eq(date("Tue, 29 Feb 0000 00:00:00 GMT"), "-62162121600");
  ck_text_eq(date("Wed, 01 Mar 0000 00:00:00 GMT"), "-62162035200");
  for (const char* bad :
       {"Wed, 29 Feb 2023 00:00:00 GMT", "Thu, 29 Feb 1900 00:00:00 GMT", "Wed, 00 Jan 2025 00:00:00 GMT",
        "Wed, 32 Jan 2025 00:00:00 GMT", "Wed, 31 Apr 2025 00:00:00 GMT", "Wed, 01 Jan 2025 24:00:00 GMT",
        "Wed, 01 Jan 2025 00:60:00 GMT", "Wed, 01 Jan 2025 00:00:61 GMT"}) {
    ck_text_eq(date(bad), "none");
  }
}
END_TEST

START_TEST(what_is_no_date_is_refused) {
  for (const char* bad : {"",
                          " ",
                          "now",
                          "Wed",
                          "Wed, 01 Jan 2025 00:00:00",
                          "Wed, 01 Jan 2025 00:00:00 GMT ",
                          " Wed, 01 Jan 2025 00:00:00 GMT",
                          "Wed, 1 Jan 2025 00:00:00 GMT",
                          "wed, 01 jan 2025 00:00:00 gmt",
                          "Wed, 01 Jan 2025 00:00:00 UTC",
                          "Wed, 01 Jan 2025 00:00:00 GMT+08:00",
                          "Wed, 01 Jan 25 00:00:00 GMT",
                          "Wed, 01 Jan 2025 00:00:00 GMT+00:00+00:00",
                          "Xyz, 01 Jan 2025 00:00:00 GMT",
                          "Wed, 01 Foo 2025 00:00:00 GMT",
                          "Wednesday, 01 Jan 2025 00:00:00 GMT",
                          "Wed Jan 1 00:00:00 2025",
                          "Wed Jan  1 00:00:00 2025 GMT",
                          "2025-01-01T00:00:00Z",
                          "Wed, +1 Jan 2025 00:00:00 GMT",
                          "GMT+00:00"}) {
    ck_text_eq(date(bad), "none");
  }
}
END_TEST

START_TEST(two_digit_years_lie_near_now) {
  ck_text_eq(date("Friday, 31-Dec-99 00:00:00 GMT"), "946598400");      // 1999
  ck_text_eq(date("Saturday, 01-Jan-50 00:00:00 GMT"), "2524608000");   // 2050
  ck_text_eq(date("Wednesday, 01-Jan-75 00:00:00 GMT"), "3313526400");  // 2075: 50 years ahead
  ck_text_eq(date("Thursday, 01-Jan-76 00:00:00 GMT"), "189302400");    // 1976
}
END_TEST

START_TEST(milliseconds_are_plain_numbers) {
  ck_assert_int_eq(*parse_milliseconds("1525872629832"), 1525872629);
  ck_assert_int_eq(*parse_milliseconds("0"), 0);
  ck_assert_int_eq(*parse_milliseconds("999"), 0);
  for (const char* bad : {"", "-1", "+1", "1.5", "1e3", " 1", "1 ", "0x10", "99999999999999999999"})
    ck_assert(!parse_milliseconds(bad));
}
END_TEST

// Compared with the C library's calendar.
START_TEST(what_is_written_is_read_back) {
  for (int64_t seconds = -4000000000; seconds < 8000000000; seconds += 86399 * 37) {
    char text[kHttpDateSize + 1];
    format_http_date(seconds, text);
    const time_t time = static_cast<time_t>(seconds);
    std::tm parts{};
    gmtime_r(&time, &parts);
    char wanted[64];
    std::strftime(wanted, sizeof(wanted), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    ck_text_eq(text, wanted);
    ck_assert_int_eq(*parse_http_date(text, kNow), seconds);
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_http_date", all_three_forms_are_read, calendar_and_clock_have_their_limits,
                what_is_no_date_is_refused, two_digit_years_lie_near_now, milliseconds_are_plain_numbers,
                what_is_written_is_read_back);
