// core/statement: the SQL of a request and the types of its placeholders.
#include "core/plan/statement.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

Parameter condition(const char* before, const char* after, ColumnType column, int bit = -1) {
  Parameter out;
  out.condition_before = before;
  out.condition_after = after;
  out.column_type = column;
  out.optional_bit = bit;
  return out;
}

Api an_api() {
  Api api;
  api.select = R"(SELECT "a" FROM "mirror"."t")";
  api.max_records = 2000;
  return api;
}

START_TEST(without_parameters_there_is_no_where) {
  ck_text_eq(statement_sql(an_api(), 0), R"(SELECT "a" FROM "mirror"."t" LIMIT 2000)");
  ck_assert(statement_types(an_api(), 0).empty());
}
END_TEST

START_TEST(an_object_is_limited_to_one_row) {
  Api api = an_api();
  api.result = ResultShape::object;
  ck_text_eq(statement_sql(api, 0), R"(SELECT "a" FROM "mirror"."t" LIMIT 1)");
}
END_TEST

START_TEST(conditions_are_joined_and_the_tail_stands_before_the_limit) {
  Api api = an_api();
  api.tail = R"( ORDER BY "a" DESC)";
  api.parameters = {condition("\"a\" = ", "", ColumnType::int8),
                    condition("lower(", ") = \"b\"", ColumnType::text)};
  ck_text_eq(
      statement_sql(api, 0),
      R"(SELECT "a" FROM "mirror"."t" WHERE "a" = $1 AND lower($2) = "b" ORDER BY "a" DESC LIMIT 2000)");
  const std::vector<uint32_t> types = {20, 25};
  ck_assert(statement_types(api, 0) == types);
}
END_TEST

START_TEST(absent_optional_parameters_leave_no_trace_and_placeholders_are_numbered_anew) {
  Api api = an_api();
  api.parameters = {condition("a = ", "", ColumnType::int2, 0), condition("b = ", "", ColumnType::date),
                    condition("c = ", "", ColumnType::numeric, 63)};
  const std::string select = R"(SELECT "a" FROM "mirror"."t" WHERE )";
  ck_text_eq(statement_sql(api, 0), select + "b = $1 LIMIT 2000");
  ck_text_eq(statement_sql(api, 1), select + "a = $1 AND b = $2 LIMIT 2000");
  ck_text_eq(statement_sql(api, uint64_t{1} << 63U), select + "b = $1 AND c = $2 LIMIT 2000");
  ck_text_eq(statement_sql(api, 1 | uint64_t{1} << 63U), select + "a = $1 AND b = $2 AND c = $3 LIMIT 2000");
  const std::vector<uint32_t> last = {1082, 1700};
  ck_assert(statement_types(api, uint64_t{1} << 63U) == last);
}
END_TEST

START_TEST(all_parameters_optional_and_absent_leave_the_bare_select) {
  Api api = an_api();
  api.parameters = {condition("a = ", "", ColumnType::int2, 0), condition("b = ", "", ColumnType::date, 1)};
  ck_text_eq(statement_sql(api, 0), R"(SELECT "a" FROM "mirror"."t" LIMIT 2000)");
}
END_TEST

START_TEST(identifiers_are_quoted_and_their_quotes_doubled) {
  ck_text_eq(quote_identifier("a"), "\"a\"");
  ck_text_eq(quote_identifier(""), "\"\"");
  ck_text_eq(quote_identifier("a\"b\"\""), "\"a\"\"b\"\"\"\"\"");
  ck_text_eq(quote_identifier("\"; DROP TABLE t; --"), "\"\"\"; DROP TABLE t; --\"");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_statement", without_parameters_there_is_no_where, an_object_is_limited_to_one_row,
                conditions_are_joined_and_the_tail_stands_before_the_limit,
                absent_optional_parameters_leave_no_trace_and_placeholders_are_numbered_anew,
                all_parameters_optional_and_absent_leave_the_bare_select,
                identifiers_are_quoted_and_their_quotes_doubled);
