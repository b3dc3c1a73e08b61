// base/sql_array: arrays as PostgreSQL reads and writes them.
#include "base/sql_array.hpp"

#include "base/refusal.hpp"
#include "loader_testing.hpp"

using namespace tablegate::loader;
using tablegate::loader::testing::same_text;

namespace {

START_TEST(any_text_is_an_element) {
  SqlArray array;
  same_text(array.take(), "{}");
  array.add("a");
  array.add_or_null(std::nullopt);
  array.add("");
  array.add("say \"x\", {y}\\z");
  array.add("NULL");
  same_text(array.take(), R"({"a",NULL,"","say \"x\", {y}\\z","NULL"})");
  array.add_or_null(std::nullopt);
  array.add_or_null("7");
  same_text(array.take(), R"({NULL,"7"})");
  same_text(sql_array({"1", "2"}), R"({"1","2"})");
}
END_TEST

START_TEST(numbers_are_read) {
  ck_assert(read_number_array("{}").empty());
  ck_assert(read_number_array("").empty());
  ck_assert((read_number_array("{7}") == std::vector<int64_t>{7}));
  ck_assert((read_number_array("{1,-20,9223372036854775807}") == std::vector<int64_t>{1, -20, INT64_MAX}));
}
END_TEST

START_TEST(what_is_no_array_of_numbers_is_rejected) {
  for (const char* const text : {"{a}", "{1,NULL}", "{1;2}", "{9223372036854775808}", "{1", "{1,}"}) {
    bool failed = false;
    try {
      read_number_array(text);
    } catch (const SystemFailure&) {
      failed = true;
    }
    ck_assert_msg(failed, "%s", text);
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_sql_array", any_text_is_an_element, numbers_are_read,
                what_is_no_array_of_numbers_is_rejected);
