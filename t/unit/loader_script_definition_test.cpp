// The definition of an API in mode script: which fields it has and has not, values
// against the types of its parameters, what breaks its callers; and texts of several
// lines, which are compared line by line.
#include <string>
#include <vector>

#include "compile/contract_check.hpp"
#include "model/api_rules.hpp"
#include "model/line_diff.hpp"
#include "model/text_search.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

namespace {

ApiDefinition script(const std::string& members) {
  return read_api_definition(
      R"({"name":"A script","business_process":"P","path":"/p","mode":"script","authentication":[],)" +
          members + "}",
      "the API");
}

std::string faults(const std::string& members) {
  Problems problems;
  check_api_shape(script(members), {"FILE", ""}, problems);
  std::string lines;
  for (const std::string& line : problems.lines()) lines += line + "\n";
  return lines;
}

constexpr const char* kGood = R"("data_source":"s","sql":"SELECT a FROM t WHERE a = ${a}")";
constexpr const char* kOne = R"("request_parameters":[{"name":"a","type":"LONG"}])";

START_TEST(fields) {
  const std::string good = std::string(kGood) + "," + kOne;
  ck_text_eq(faults(good), "");
  ck_text_eq(faults(std::string(R"("data_source":"s",)") + kOne),
             "FILE: \"sql\" is missing: mode script requires it, or \"sql_file\"\n");
  ck_text_eq(faults(good + R"(,"sql_file":"x.sql")"),
             "FILE /sql_file: excludes \"sql\": write only one of them\n");
  ck_text_eq(faults(good + R"(,"table":"t")"),
             "FILE /table: is for mode wizard: the script names its tables\n");
  ck_text_eq(faults(good + R"(,"order_by":[{"column":"a"}])"),
             "FILE /order_by: is for mode wizard: write ORDER BY in the script\n");
  ck_text_eq(
      faults(good + R"(,"response_parameters":[{"name":"a","mask":"hash"},{"name":"b","column":"c"}])"),
      "FILE /response_parameters/0/mask: is for mode wizard: write the masking in the script\n"
      "FILE /response_parameters/1/column: is for mode wizard: \"name\" is the column's name in the "
      "script\n");
}
END_TEST

START_TEST(values) {
  const auto of = [](const std::string& parameter) {
    return faults(std::string(kGood) + R"(,"request_parameters":[{"name":"a",)" + parameter + "}]");
  };
  ck_text_eq(of(R"("type":"LONG_LIST","sample":"1,2")"), "");
  ck_text_eq(of(R"("type":"STRING_LIST","sample":["a","b"])"), "");
  ck_text_eq(
      of(R"("type":"LONG_LIST","sample":["1","x"])"),
      "FILE /request_parameters/0/sample/1: is not LONG: must be a whole number from -9223372036854775808 to "
      "9223372036854775807\n");
  ck_text_eq(
      of(R"("type":"LONG","sample":[1])"),
      "FILE /request_parameters/0/sample: must be one value: only types such as LONG_LIST take a list\n");
  ck_text_eq(of(R"("type":"DATE","required":false,"default":"2026-02-30")").substr(0, 43),
             "FILE /request_parameters/0/default: is not ");
  ck_text_eq(of(R"("type":"LONG","operator":"=")"),
             "FILE /request_parameters/0/operator: is for mode wizard: the script has its own operators\n");
  ck_text_eq(
      of(R"("type":"LONG","column":"b")"),
      "FILE /request_parameters/0/column: is for mode wizard: the script says what it is compared with\n");
}
END_TEST

TableColumn column(const std::string& name,
                   tablegate::core::ColumnType type = tablegate::core::ColumnType::text) {
  TableColumn made;
  made.name = name;
  made.type = type;
  return made;
}

ContractSide side(const std::string& members, std::vector<TableColumn> columns) {
  ContractSide made{script(std::string(kGood) + members), {}};
  made.source = script_source({{"t", "UTC", {}, {column("a")}}});
  made.source.columns = std::move(columns);
  return made;
}

START_TEST(contract) {
  const TableColumn a = column("a", tablegate::core::ColumnType::int8), b = column("b"), wide = column("a");
  const auto breaks = [](const ContractSide& before, const ContractSide& after) {
    std::string lines;
    for (const ContractBreak& one : contract_breaks(before, after)) lines += one.text() + "\n";
    return lines;
  };
  const std::string one = std::string(",") + kOne;
  ck_text_eq(breaks(side(one, {a}), side(one, {a, b})), "");
  ck_text_eq(breaks(side(one, {a, b}), side(one, {a})), "response field b was removed\n");
  ck_text_eq(breaks(side(one, {a}), side(one, {wide})), "response field a: type was int8 and is text\n");
  ck_text_eq(breaks(side(one, {a}), side(one, {})), "");  // not described yet
  ck_text_eq(breaks(side(one, {a}), side(R"(,"request_parameters":[{"name":"a","type":"LONG_LIST"}])", {a})),
             "parameter a: type was LONG and is LONG_LIST\n");
}
END_TEST

START_TEST(lines) {
  const auto shown = [](const char* from, const char* to) {
    std::string text;
    for (const LineChange& one : diff_lines(from, to))
      text += one.mark + std::to_string(one.line) + std::string(one.text) + " ";
    return text;
  };
  ck_text_eq(shown("a\nb\nc", "a\nb\nc"), "");
  ck_text_eq(shown("a\nb\nc", "a\nx\nc"), "-2b +2x ");
  ck_text_eq(shown("a\nb\nc\nd", "a\nc\nx\nd"), "-2b +3x ");
  ck_text_eq(shown("", "a"), "+1a ");
  ck_assert(line_changes({"/sql", "\"a\"", "\"b\""}).empty());
  ck_assert((line_changes({"/sql", R"("a\nb")", R"("a\nc")"}) ==
             std::vector<std::string>{"- /sql:2: b", "+ /sql:2: c"}));
}
END_TEST

START_TEST(search) {
  JsonDocument document;
  ck_text_eq(parse_json(R"({"sql":"SELECT \"a\"\nFROM t","list":[{"n":12}],"yes":true})", document).text(),
             "");
  for (const char* const text : {"\"a\"\nFROM", "12", "list", "true"})
    ck_assert_msg(contains_text(document, text), "%s", text);
  ck_assert(!contains_text(document, "FROM u"));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_script_definition", fields, values, contract, lines, search);
