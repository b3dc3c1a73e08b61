// core/values: the literals that each parameter type accepts.
#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

constexpr const char* kRefused = "(refused)";

Parameter parameter(ParameterType type, ColumnType column, const char* zone = "") {
  Parameter out;
  out.name = "p";
  out.type = type;
  out.column_type = column;
  out.time_zone = zone;
  return out;
}

// What is bound for the value, or kRefused with a detail that says what is expected.
std::string checked(const Parameter& parameter, const std::string& value) {
  BlockArena arena;
  std::string_view detail;
  const std::string_view bound = check_value(parameter, value, arena, detail);
  if (bound.data() == nullptr) {
    ck_assert_msg(detail.substr(0, 5) == "must ", "%s", std::string(detail).c_str());
    return kRefused;
  }
  ck_assert_int_eq(bound.data()[bound.size()], '\0');
  return std::string(bound);
}

void takes(const Parameter& parameter, std::initializer_list<const char*> values) {
  for (const char* value : values) ck_text_eq(checked(parameter, value), value);
}

void refuses(const Parameter& parameter, std::initializer_list<const char*> values) {
  for (const char* value : values) {
    ck_assert_msg(checked(parameter, value) == kRefused, "%s is taken", value);
  }
}

const Parameter kString = parameter(ParameterType::string, ColumnType::text);
const Parameter kShort = parameter(ParameterType::int_, ColumnType::int2);
const Parameter kInt = parameter(ParameterType::int_, ColumnType::int4);
const Parameter kLong = parameter(ParameterType::long_, ColumnType::int8);
const Parameter kFloat = parameter(ParameterType::float_, ColumnType::float4);
const Parameter kDouble = parameter(ParameterType::double_, ColumnType::float8);
const Parameter kDecimal = parameter(ParameterType::decimal, ColumnType::numeric);
const Parameter kBoolean = parameter(ParameterType::boolean, ColumnType::boolean);
const Parameter kDate = parameter(ParameterType::date, ColumnType::date);
const Parameter kTimestamp = parameter(ParameterType::datetime, ColumnType::timestamp);
const Parameter kTimestamptz = parameter(ParameterType::datetime, ColumnType::timestamptz, "Asia/Shanghai");

START_TEST(strings_are_any_utf8_also_empty) {
  takes(kString, {"", "a", "' OR 1=1 --", "now", "\x01\x1f\x7f", "\xC2\x80", "\xE4\xBD\xA0", "\xEF\xBF\xBF",
                  "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"});
}
END_TEST

START_TEST(strings_with_nul_or_bad_utf8_are_refused) {
  ck_text_eq(checked(kString, std::string(1, '\0')), kRefused);
  ck_text_eq(checked(kString, std::string("a\0b", 3)), kRefused);
  refuses(kString, {"\x80",
                    "\xBF",
                    "\xC0\x80",
                    "\xC1\xBF",
                    "\xC2",
                    "\xC2\x41",
                    "\xE0\x80\x80",
                    "\xE0\x9F\xBF",
                    "\xE4\xBD",
                    "\xE4\xBD\x41",
                    "\xED\xA0\x80",
                    "\xED\xBF\xBF",
                    "\xF0\x80\x80\x80",
                    "\xF0\x8F\xBF\xBF",
                    "\xF0\x9F\x98",
                    "\xF4\x90\x80\x80",
                    "\xF5\x80\x80\x80",
                    "\xF8\x88\x80\x80\x80",
                    "\xFE",
                    "\xFF",
                    "ok\xFF"});
}
END_TEST

START_TEST(smallints_keep_their_limits) {
  takes(kShort, {"0", "-0", "32767", "-32768", "007"});
  refuses(kShort, {"32768", "-32769", "65536", "99999999999999999999"});
}
END_TEST

START_TEST(ints_keep_their_limits) {
  takes(kInt, {"2147483647", "-2147483648"});
  refuses(kInt, {"2147483648", "-2147483649", "4294967296"});
  const Parameter narrow = parameter(ParameterType::int_, ColumnType::int8);
  refuses(narrow, {"2147483648"});
  const Parameter wide = parameter(ParameterType::long_, ColumnType::int4);
  refuses(wide, {"2147483648"});
  const Parameter shorter = parameter(ParameterType::long_, ColumnType::int2);
  takes(shorter, {"32767"});
  refuses(shorter, {"32768"});
}
END_TEST

START_TEST(longs_keep_their_limits) {
  takes(kLong, {"9223372036854775807", "-9223372036854775808", "10001"});
  refuses(kLong, {"9223372036854775808", "-9223372036854775809", "18446744073709551616"});
  const Parameter number = parameter(ParameterType::long_, ColumnType::numeric);
  takes(number, {"9223372036854775807"});
  refuses(number, {"9223372036854775808", "1.5"});
}
END_TEST

START_TEST(whole_numbers_have_one_plain_notation) {
  for (const Parameter& integer : {kShort, kInt, kLong}) {
    refuses(integer, {"", " ", "-", "+", "+1", "--1", " 1", "1 ", "1.0", "1.", "1e2", "0x10", "1_000",
                      "1,000", "abc", "1a", "NaN", "true", "\xD9\xA1"});
    ck_text_eq(checked(integer, std::string("1\0", 2)), kRefused);
  }
}
END_TEST

START_TEST(decimals_are_plain_and_may_have_hundreds_of_digits) {
  takes(kDecimal,
        {"0", "-0", "12.50", ".5", "5.", "-12", "-.5", "00012.500", "0.000000000000000000000000000001"});
  const std::string digits(150, '9');
  ck_text_eq(checked(kDecimal, digits), digits);
  ck_text_eq(checked(kDecimal, "-" + digits + "." + digits), "-" + digits + "." + digits);
  ck_text_eq(checked(kDecimal, std::string(131072, '1')), std::string(131072, '1'));
  ck_text_eq(checked(kDecimal, std::string(131073, '1')), kRefused);
  ck_text_eq(checked(kDecimal, "0." + std::string(16383, '1')), "0." + std::string(16383, '1'));
  ck_text_eq(checked(kDecimal, "0." + std::string(16384, '1')), kRefused);
}
END_TEST

START_TEST(decimals_in_other_notations_are_refused) {
  refuses(kDecimal, {"",    "-",     ".",   "-.", "+1", "1e5",  "1E5", "NaN", "nan", "Infinity", "-Infinity",
                     "inf", "1.2.3", "1,5", " 1", "1 ", "0x1F", "1-",  "--1", "1_0", "$1"});
  ck_text_eq(checked(kDecimal, std::string("1\0", 2)), kRefused);
}
END_TEST

START_TEST(floating_point_numbers_may_have_exponents) {
  for (const Parameter& real : {kFloat, kDouble}) {
    takes(real, {"0", "-0", "1.5", ".5", "5.", "1e5", "1E5", "1e+5", "1e-5", "-1.5E-3", "0e999999", "0.1",
                 "1e0005"});
  }
}
END_TEST

START_TEST(floating_point_overflow_is_refused) {
  takes(kDouble, {"1.7976931348623157e308", "-1.7976931348623157e308"});
  refuses(kDouble, {"1.8e308", "-1.8e308", "1e309", "1e999999999999999999999"});
  takes(kFloat, {"3.4028234e38", "-3.4028234e38"});
  refuses(kFloat, {"3.5e38", "1e39", "-1e39", "1e308"});
  ck_text_eq(checked(kDouble, std::string(400, '9')), kRefused);
}
END_TEST

START_TEST(floating_point_underflow_to_zero_is_refused) {
  takes(kDouble, {"5e-324", "2.2250738585072014e-308", "1e-310"});
  refuses(kDouble, {"1e-325", "-1e-400", "1e-999999999999999999999"});
  takes(kFloat, {"1.2e-38", "1.5e-45"});
  refuses(kFloat, {"1e-46", "1e-100", "-1e-60"});
  ck_text_eq(checked(kDouble, "0." + std::string(400, '0') + "1"), kRefused);
}
END_TEST

START_TEST(a_parameter_is_held_to_its_narrower_side) {
  refuses(parameter(ParameterType::float_, ColumnType::float8), {"1e39"});
  refuses(parameter(ParameterType::double_, ColumnType::float4), {"1e39"});
}
END_TEST

START_TEST(no_nan_no_infinity_no_hexadecimal_float) {
  for (const Parameter& real : {kFloat, kDouble}) {
    refuses(real, {"",      "NaN",   "nan", "-nan", "nan(1)", "Infinity", "-Infinity", "inf",
                   "INF",   "0x1p3", "1e",  "1e+",  "1e-",    "e5",       ".e5",       "+1",
                   "1e5.5", "1 e5",  " 1",  "1 ",   "1f",     "-",        "."});
    ck_text_eq(checked(real, std::string("1\0", 2)), kRefused);
  }
}
END_TEST

START_TEST(truth_has_four_spellings) {
  takes(kBoolean, {"true", "false", "1", "0"});
  refuses(kBoolean, {"", "True", "TRUE", "t", "f", "yes", "on", "off", "2", "01", "true ", "null"});
}
END_TEST

START_TEST(dates_are_iso_8601) {
  takes(kDate, {"2025-01-31", "0001-01-01", "1582-10-10", "9999-12-31"});
  refuses(kDate, {"", "2025", "2025-1-1", "2025-01-1", "2025-01-001", "20250131", "2025/01/31", "31-01-2025",
                  "2025-W05-5", "2025-031", "25-01-31", "025-01-31", " 2025-01-31", "2025-01-31 ",
                  "2025-01-31T00:00:00", "-2025-01-01", "+2025-01-01", "2025-01-31Z"});
  ck_text_eq(checked(kDate, std::string("2025-01-31\0", 11)), kRefused);
}
END_TEST

START_TEST(months_keep_their_lengths) {
  takes(kDate, {"2025-01-31", "2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30", "2025-07-31",
                "2025-08-31", "2025-09-30", "2025-10-31", "2025-11-30", "2025-12-31"});
  refuses(kDate, {"2025-01-32", "2025-03-32", "2025-04-31", "2025-06-31", "2025-09-31", "2025-11-31",
                  "2025-12-32", "2025-00-10", "2025-13-01", "2025-01-00", "2025-99-99"});
}
END_TEST

START_TEST(leap_years_are_the_gregorian_calendar_s) {
  takes(kDate, {"2024-02-29", "2000-02-29", "2400-02-29", "0004-02-29", "10000-02-29"});
  refuses(kDate, {"2025-02-29", "1900-02-29", "2100-02-29", "2024-02-30", "2000-02-30"});
}
END_TEST

START_TEST(years_begin_at_1_and_may_pass_9999) {
  takes(kDate, {"10000-01-01", "99999-12-31", "5874897-12-31"});
  refuses(kDate,
          {"0000-01-01", "0000-12-31", "5874898-01-01", "9999999-01-01", "10000000-01-01", "02025-01-01",
           "4714-01-01 BC", "44-03-15 BC", "2025-01-01 AD", "2025-01-01BC", "2025-01-01 bc"});
  takes(kTimestamp, {"10000-01-01T00:00:00", "294275-12-31T23:59:59.999999"});
  refuses(kTimestamp, {"0000-01-01T00:00:00", "294276-01-01T00:00:00", "0044-03-15T00:00:00 BC"});
}
END_TEST

START_TEST(what_rfc_3339_cannot_say_is_taken_as_answers_have_it) {
  takes(kDate, {"infinity", "-infinity", "0044-03-15 BC", "0001-02-29 BC", "4713-01-01 BC"});
  takes(kTimestamp, {"infinity", "-infinity", "0044-03-15 12:00:00.5 BC", "10000-01-01 00:00:00"});
  takes(kTimestamptz, {"infinity", "-infinity", "0044-03-15 12:00:00.5+00 BC", "10000-01-01 00:00:00+00"});
  refuses(kDate, {"0004-02-29 BC", "0101-02-29 BC", " BC", "+infinity", "Infinity", "infinity BC"});
  refuses(kTimestamp, {"0044-03-15 12:00:00+00 BC", "0044-03-15 BC", "0044-03-15T12:00:00 BC"});
  refuses(kTimestamptz, {"0044-03-15 12:00:00 BC", "0044-03-15 12:00:00 BC+00", "0044-03-15T12:00:00+00 BC"});
}
END_TEST

START_TEST(words_for_dates_and_times_are_refused) {
  for (const Parameter& when : {kDate, kTimestamp, kTimestamptz}) {
    refuses(when, {"now", "today", "tomorrow", "yesterday", "inf", "+infinity", "epoch", "allballs",
                   "J2451187", "NULL"});
  }
}
END_TEST

START_TEST(times_are_iso_8601) {
  takes(kTimestamp, {"2025-01-31T08:00:00", "2025-01-31 08:00:00", "2025-01-31T08:00", "2025-01-31T23:59:59",
                     "2025-01-31T00:00:00.1", "2025-01-31T00:00:00.123456"});
  refuses(kTimestamp, {"", "2025-01-31", "2025-01-31T", "2025-01-31T8:00", "2025-01-31T08", "2025-01-31T08:0",
                       "2025-01-31T080000", "2025-01-31t08:00:00", "2025-01-31  08:00:00",
                       "2025-01-31T08:00:00 PM", "2025-01-31T08:00:", "2025-01-31T08:00:0",
                       "2025-01-31T08:00:00.", "2025-01-31T08:00:00,5", "2025-02-30T08:00:00"});
  ck_text_eq(checked(kTimestamp, std::string("2025-01-31T08:00:00\0", 20)), kRefused);
}
END_TEST

START_TEST(times_keep_their_ranges) {
  refuses(kTimestamp,
          {"2025-01-31T24:00:00", "2025-01-31T24:00", "2025-01-31T25:00:00", "2025-01-31T00:60:00",
           "2025-01-31T00:00:60", "2025-01-31T23:59:61", "2025-01-31T-1:00:00"});
}
END_TEST

START_TEST(fractions_have_at_most_six_digits) {
  takes(kTimestamptz, {"2025-01-31T08:00:00.123456Z"});
  refuses(kTimestamptz, {"2025-01-31T08:00:00.1234567Z", "2025-01-31T08:00:00.Z"});
  refuses(kTimestamp, {"2025-01-31T08:00:00.1234567", "2025-01-31T08:00.5"});
}
END_TEST

START_TEST(offsets_are_taken_for_instants) {
  takes(kTimestamptz, {"2025-01-31T08:00:00Z", "2025-01-31T08:00:00+08:00", "2025-01-31T08:00:00-03:30",
                       "2025-01-31T08:00:00+08", "2025-01-31 08:00:00.5+15:59", "2025-01-31T08:00:00-15:59",
                       "2025-01-31T08:00Z", "2025-01-31T08:00+01:00"});
  refuses(kTimestamptz,
          {"2025-01-31T08:00:00z", "2025-01-31T08:00:00+16", "2025-01-31T08:00:00+16:00",
           "2025-01-31T08:00:00+08:60", "2025-01-31T08:00:00+8", "2025-01-31T08:00:00+0800",
           "2025-01-31T08:00:00+08:", "2025-01-31T08:00:00+", "2025-01-31T08:00:00 +08:00",
           "2025-01-31T08:00:00+08:00:00", "2025-01-31T08:00:00 UTC", "2025-01-31T08:00:00 Asia/Shanghai",
           "2025-01-31T08:00:00ZZ", "2025-01-31T08:00:00Z+08:00"});
}
END_TEST

START_TEST(a_time_without_offset_gets_the_table_s_zone) {
  ck_text_eq(checked(kTimestamptz, "2025-01-31T08:00:00"), "2025-01-31T08:00:00 Asia/Shanghai");
  ck_text_eq(checked(kTimestamptz, "2025-01-31 08:00"), "2025-01-31 08:00 Asia/Shanghai");
  ck_text_eq(checked(parameter(ParameterType::datetime, ColumnType::timestamptz), "2025-01-31T08:00:00.5"),
             "2025-01-31T08:00:00.5 UTC");
}
END_TEST

START_TEST(a_time_without_zone_takes_no_offset) {
  refuses(kTimestamp, {"2025-01-31T08:00:00Z", "2025-01-31T08:00:00+08:00", "2025-01-31T08:00:00-00:00"});
  BlockArena arena;
  std::string_view detail;
  check_value(kTimestamp, "2025-01-31T08:00:00Z", arena, detail);
  ck_assert(detail.find("without an offset") != std::string_view::npos);
}
END_TEST

// What is said of a value that is refused.
std::string detail_of(const Parameter& parameter, std::string_view value) {
  BlockArena arena;
  std::string_view detail;
  ck_assert_ptr_null(check_value(parameter, value, arena, detail).data());
  return std::string(detail);
}

START_TEST(the_example_of_a_time_can_be_sent_as_it_is) {
  const std::string instant = "must be a date and a time of ISO 8601 such as ";
  for (const char* const value :
       {"", "2025-01-31", "2025-13-01T08:00:00", "08:00", "2025-01-31T08:00:00 08:00"})
    ck_text_eq(detail_of(kTimestamptz, value),
               instant + "2025-01-31T08:00:00Z (in a query, the + of an offset is sent as %2B)");
  takes(kTimestamptz, {"2025-01-31T08:00:00Z"});
  ck_text_eq(detail_of(kTimestamp, "2025-01-31"),
             "must be a date and a time of ISO 8601 without an offset such as 2025-01-31T08:00:00");
  takes(kTimestamp, {"2025-01-31T08:00:00"});
}
END_TEST

START_TEST(an_empty_value_is_a_value_of_strings_only) {
  for (const Parameter& other :
       {kShort, kInt, kLong, kFloat, kDouble, kDecimal, kBoolean, kDate, kTimestamp, kTimestamptz}) {
    refuses(other, {""});
  }
  takes(kString, {""});
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_values", strings_are_any_utf8_also_empty, strings_with_nul_or_bad_utf8_are_refused,
                smallints_keep_their_limits, ints_keep_their_limits, longs_keep_their_limits,
                whole_numbers_have_one_plain_notation, decimals_are_plain_and_may_have_hundreds_of_digits,
                decimals_in_other_notations_are_refused, floating_point_numbers_may_have_exponents,
                floating_point_overflow_is_refused, floating_point_underflow_to_zero_is_refused,
                a_parameter_is_held_to_its_narrower_side, no_nan_no_infinity_no_hexadecimal_float,
                truth_has_four_spellings, dates_are_iso_8601, months_keep_their_lengths,
                leap_years_are_the_gregorian_calendar_s, years_begin_at_1_and_may_pass_9999,
                what_rfc_3339_cannot_say_is_taken_as_answers_have_it, words_for_dates_and_times_are_refused,
                times_are_iso_8601, times_keep_their_ranges, fractions_have_at_most_six_digits,
                offsets_are_taken_for_instants, a_time_without_offset_gets_the_table_s_zone,
                a_time_without_zone_takes_no_offset, the_example_of_a_time_can_be_sent_as_it_is,
                an_empty_value_is_a_value_of_strings_only);
