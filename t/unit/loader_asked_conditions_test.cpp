// loader/cli/api/asked_conditions: the texts of api generate's --where and --order.
#include "cli/api/asked_conditions.hpp"

#include <string>

#include "base/refusal.hpp"
#include "loader_testing.hpp"

using namespace tablegate::loader;

namespace {

TableInfo table() {
  TableInfo info;
  info.name = "users";
  for (const char* const name : {"id", "age", "name", "user name", "a=b", "at:desc", "IN"}) {
    TableColumn column;
    column.name = name;
    info.columns.push_back(column);
  }
  return info;
}

// "age >= min_age", "age < max_age (optional)", or the error.
std::string read(const std::string& text) {
  try {
    const AskedCondition condition = read_asked_condition(text, table());
    return condition.column + " " + std::string(comparison_text(condition.comparison)) + " " +
           condition.name + (condition.required ? "" : " (optional)");
  } catch (const Failure& failure) {
    return failure.what();
  }
}

std::string order(const std::string& text) {
  try {
    const SortColumn column = read_asked_order(text, table());
    return column.column + (column.descending ? " desc" : " asc");
  } catch (const Failure& failure) {
    return failure.what();
  }
}

START_TEST(every_operator_is_read) {
  for (const char* const name : {"=", "!=", "<", "<=", ">", ">="}) {
    const std::string sign = name;
    ck_text_eq(read("age" + sign + ":x"), "age " + sign + " x");
    ck_text_eq(read(" age " + sign + " :x "), "age " + sign + " x");
  }
  for (const char* const name : {"LIKE", "NOT LIKE", "IN", "NOT IN"}) {
    const std::string word = name;
    ck_text_eq(read("name " + word + " :x"), "name " + word + " x");
    ck_text_eq(read("IN " + word + ":x"), "IN " + word + " x");
  }
  ck_text_eq(read("name not like :x"), "name NOT LIKE x");
  ck_text_eq(read("age<:max_age?"), "age < max_age (optional)");
}
END_TEST

START_TEST(columns_may_have_any_name) {
  ck_text_eq(read("user name=:x"), "user name = x");
  ck_text_eq(read("user name LIKE :x"), "user name LIKE x");
  ck_text_eq(read("a=b>=:x"), "a=b >= x");
  ck_text_eq(read("at:desc<:x"), "at:desc < x");
}
END_TEST

START_TEST(a_wrong_condition_is_explained) {
  const std::string all = "; use one of !=, <=, >=, =, <, >, NOT LIKE, LIKE, NOT IN, IN";
  ck_text_eq(read("agee>=:x"), "table \"users\" has no column \"agee\" (did you mean \"age\"?)");
  ck_text_eq(read("nmae not in :x"), "table \"users\" has no column \"nmae\" (did you mean \"name\"?)");
  ck_text_eq(read("name LIEK :x"),
             "--where \"name LIEK :x\": \"LIEK\" is no operator (did you mean \"LIKE\"?)" + all);
  ck_text_eq(read("age=>:x"), "--where \"age=>:x\": \"=>\" is no operator (did you mean \">=\"?)" + all);
  ck_text_eq(read("age<>:x"), "--where \"age<>:x\": \"<>\" is no operator (did you mean \"!=\"?)" + all);
  ck_text_eq(read("age==:x"), "--where \"age==:x\": \"==\" is no operator (did you mean \"=\"?)" + all);
  ck_text_eq(read("age IN (:x)"),
             "--where \"age IN (:x)\": a list has no parentheses: write 'COLUMN IN :ids'");
  ck_text_eq(read("age BETWEEN :a AND :b"),
             "--where \"age BETWEEN :a AND :b\": BETWEEN is two conditions: write --where 'COLUMN>=:least' "
             "--where 'COLUMN<=:most'");
  ck_text_eq(read("age:x"), "--where \"age:x\": has no operator" + all);
  for (const char* const text : {"age>=min", "age>=", "age>=:", "age>=:?", ""}) {
    ck_text_eq(read(text), "--where \"" + std::string(text) +
                               "\": requires COLUMN, an operator and :PARAMETER, for example "
                               "'age>=:min_age' or 'name LIKE :pattern'");
  }
}
END_TEST

START_TEST(orders) {
  ck_text_eq(order("age"), "age asc");
  ck_text_eq(order("age:ASC"), "age asc");
  ck_text_eq(order("age:desc"), "age desc");
  ck_text_eq(order("at:desc"), "at:desc asc");
  ck_text_eq(order("at:desc:desc"), "at:desc desc");
  ck_text_eq(order("agee:desc"), "table \"users\" has no column \"agee\" (did you mean \"age\"?)");
  ck_text_eq(order("age:down"),
             "--order \"age:down\": \"down\" is no direction; use COLUMN:asc or COLUMN:desc");
  ck_text_eq(order("age:dsc"),
             "--order \"age:dsc\": \"dsc\" is no direction (did you mean \"desc\"?); use COLUMN:asc or "
             "COLUMN:desc");
  ck_text_eq(order("age DESC"), "--order \"age DESC\": write age:desc");
  ck_text_eq(order("age  asc"), "--order \"age  asc\": write age:asc");
  ck_text_eq(order("agee desc"), "table \"users\" has no column \"agee desc\"");
  ck_text_eq(order("age:dsec"),
             "--order \"age:dsec\": \"dsec\" is no direction (did you mean \"desc\"?); use COLUMN:asc or "
             "COLUMN:desc");
}
END_TEST

START_TEST(patterns_find_the_value) {
  ck_text_eq(sample_pattern("Alice"), "Ali%");
  ck_text_eq(sample_pattern(""), "%");
  ck_text_eq(sample_pattern("1_%x"), "1\\_\\%%");
  ck_text_eq(sample_pattern("\xc3\x89\xc3\x89\xc3\x89t"), "\xc3\x89\xc3\x89\xc3\x89%");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_asked_conditions", every_operator_is_read, columns_may_have_any_name,
                a_wrong_condition_is_explained, orders, patterns_find_the_value);
