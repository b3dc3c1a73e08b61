// loader/compile/selected_columns, loader/model/mask_rules: the SQL of masks, and
// the definitions in which a masked value could still be found.
#include "base/refusal.hpp"
#include "compile/compiled_api.hpp"
#include "compile/program_json.hpp"
#include "model/api_rules.hpp"
#include "model/mask_rules.hpp"

#include "loader_testing.hpp"

using namespace tablegate::loader;
using testing::same_text;

namespace {

constexpr const char* kSource =
    R"({"table":"people","time_zone":"Asia/Shanghai","primary_key":["id"],"columns":[{"name":"id","type":"int8"},)"
    R"({"name":"phone","type":"text"},{"name":"at","type":"timestamptz"}]})";

ApiDefinition definition(const std::string& response) {
  return read_api_definition(
      R"({"name":"People","path":"/people","method":"GET","authentication":[],"result":"object",)"
      R"("request_parameters":[{"name":"id","type":"LONG"}],"response_parameters":[)" +
          response + "]}",
      "the API");
}

CompiledApi compiled(const std::string& response) {
  ApiEntry entry;
  entry.definition = definition(response);
  entry.source = read_table_source(kSource, "its source");
  return compile_api(entry);
}

// What rules say, without the name of the file.
std::string said(const ApiDefinition& api) {
  Problems problems;
  check_masks(api, {"FILE", ""}, problems);
  check_api_columns(api, {"FILE", ""}, read_table_source(kSource, "its source"), problems);
  std::string text;
  for (const std::string& line : problems.lines()) text += line + "\n";
  return text;
}

START_TEST(each_mask_is_an_expression_over_the_column) {
  const auto statement = [](const std::string& mask) {
    return program_json(compiled(R"({"name":"x","column":"phone","mask":")" + mask + "\"}").statement);
  };
  const std::string end =
      R"( FROM ",{"table":"people"},{"where":[" AND \"id\" = ",{"value":0}]}," LIMIT 1"])";
  same_text(statement("null"), R"(["SELECT NULL::text)" + end);
  same_text(statement("last4"),
            R"(["SELECT CASE WHEN char_length(\"phone\") > 4 THEN repeat('*',char_length(\"phone\") - 4) || )"
            R"(right(\"phone\",4) ELSE repeat('*',char_length(\"phone\")) END)" +
                end);
  same_text(
      statement("email"),
      R"(["SELECT CASE WHEN \"phone\" LIKE '_%@%' AND \"phone\" NOT LIKE '%@%@%' THEN left(\"phone\",1) )"
      R"(|| '***' || substr(\"phone\",strpos(\"phone\",'@')) ELSE repeat('*',char_length(\"phone\")) END)" +
          end);
  same_text(statement("hash"), R"(["SELECT encode(sha256(",{"value":1}," || sha256(",{"value":2}," || )"
                               R"(convert_to(\"phone\"::text,'UTF8'))),'hex'))" +
                                   end);
}
END_TEST

START_TEST(masked_columns_are_texts_and_share_the_key) {
  const CompiledApi api = compiled(
      R"({"name":"phone","mask":"hash"},{"name":"at","mask":"hash"},{"name":"when","column":"at","mask":"null"})");
  ck_assert_uint_eq(api.internal.size(), 2);
  for (const CompiledColumn& column : api.columns) {
    ck_text_eq(column.type, "text");
    ck_assert(!column.wall);  // the text of a hash is in UTC
  }
  ck_text_eq(api.reads[0].columns.at("at"), "timestamptz");
}
END_TEST

START_TEST(what_would_show_the_value_is_rejected) {
  const std::string hash = R"({"name":"phone","mask":"hash"})";
  same_text(said(definition(R"({"name":"id"},)" + hash)), "");
  same_text(said(definition(hash + R"(,{"name":"tail","column":"phone","mask":"last4"})")), "");
  same_text(said(definition(hash + R"(,{"name":"clear","column":"phone"})")),
            "FILE /response_parameters/1: column \"phone\" is masked in another response parameter: remove "
            "this one, or give it a mask too\n");
  same_text(
      said(definition(R"({"name":"id","mask":"null"})")),
      "FILE /request_parameters/0: column \"id\" is masked in the answer: callers could find its values "
      "by trying them; remove this parameter, or the mask\n");
  same_text(
      said(definition(R"({"name":"phone","mask":"hash","as":"string"})")),
      "FILE /response_parameters/0/as: does not go with \"mask\": a masked value is a string already\n");
}
END_TEST

// A version that no `apply` checked.
START_TEST(what_would_show_the_value_is_not_compiled) {
  const auto refusal = [](const std::string& response, const std::string& more) {
    ApiEntry entry;
    entry.definition = read_api_definition(
        R"({"name":"People","path":"/people","method":"GET","authentication":[],"response_parameters":[)" +
            response + "]," + more + "}",
        "the API");
    entry.source = read_table_source(kSource, "its source");
    try {
      compile_api(entry);
    } catch (const Refused& refused) {
      return std::string(refused.what());
    }
    return std::string();
  };
  const std::string hash = R"({"name":"phone","mask":"hash"})";
  const std::string by_id = R"("request_parameters":[{"name":"id","type":"LONG"}])";
  ck_text_eq(refusal(R"({"name":"id"},)" + hash, by_id), "");
  const struct {
    std::string response, more;
    const char* says;
  } kCases[] = {
      {hash, R"("request_parameters":[{"name":"phone","type":"STRING","operator":"LIKE"}])",
       "Api \"People\": /request_parameters/0: column \"phone\" is masked"},
      {hash + R"(,{"name":"clear","column":"phone"})", by_id, "/response_parameters/1: column \"phone\""},
      {R"({"name":"at","mask":"last4"})", by_id, "/response_parameters/0/mask: last4 is for STRING"},
      {hash, R"("order_by":[{"column":"phone"}],)" + by_id, "/order_by/0/column: \"phone\" is masked"},
      {R"({"name":"id","mask":"hash"})", R"("request_parameters":[],"pagination":{"enabled":true})",
       "/pagination: requires an order of the rows: the primary key of table \"people\" is masked"},
      {hash, R"("request_parameters":[],"pagination":{"enabled":true,"default_size":9,"max_size":5})",
       "/pagination/default_size: must not be more than max_size"},
  };
  for (const auto& item : kCases) {
    const std::string said = refusal(item.response, item.more);
    ck_assert_msg(said.find(item.says) != std::string::npos, "%s: said \"%s\"", item.says, said.c_str());
  }
}
END_TEST

START_TEST(the_type_is_that_of_the_masked_value) {
  same_text(said(definition(R"({"name":"at","mask":"hash","type":"STRING"})")), "");
  same_text(said(definition(R"({"name":"at","mask":"null","type":"DATETIME"})")), "");
  same_text(said(definition(R"({"name":"at","mask":"hash","type":"DATETIME"})")),
            "FILE /response_parameters/0/type: must be STRING: hash makes a text of every value\n");
  for (const std::string mask : {"last4", "email"}) {
    same_text(said(definition(R"({"name":"at","mask":")" + mask + "\"}")),
              "FILE /response_parameters/0/mask: " + mask +
                  " is for STRING columns, and column \"at\" is timestamptz: use hash or \"null\"\n");
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_masks", each_mask_is_an_expression_over_the_column,
                masked_columns_are_texts_and_share_the_key, what_would_show_the_value_is_rejected,
                what_would_show_the_value_is_not_compiled, the_type_is_that_of_the_masked_value);
