// Operators of a wizard: from the definition to the SQL that the gateway's own
// reader makes of the manifest, and what a definition must not say.
#include <string>

#include "compile/compiled_api.hpp"
#include "compile/manifest_writer.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "model/api_rules.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

using tablegate::loader::testing::same_text;

namespace {

constexpr const char* kSource =
    R"({"table":"t","time_zone":"UTC","primary_key":["id"],"columns":[{"name":"id","type":"int8"},)"
    R"({"name":"name","type":"text"},{"name":"at","type":"timestamptz"}]})";

ApiEntry entry(const std::string& parameters, const std::string& result = "list") {
  ApiEntry api;
  api.api_id = 1;
  api.definition = read_api_definition(
      R"({"name":"Some API","path":"/x","table":"t","request_parameters":[)" + parameters +
          R"(],"response_parameters":[{"name":"id"}],"result":")" + result + R"(","authentication":[]})",
      "API");
  api.source = read_table_source(kSource, "the source");
  return api;
}

// WHERE to the end of the statement for these values (null: absent), as the gateway makes it.
std::string where(const std::string& parameters, const std::vector<const char*>& values) {
  ManifestContents all;
  all.apis = {entry(parameters)};
  const auto manifest = tablegate::core::read_manifest(write_manifest(all));
  ck_assert_msg(static_cast<bool>(manifest), "%s", manifest ? "" : manifest.error().text().c_str());
  const auto& program = (*manifest)->apis.at(0).program;
  tablegate::core::BlockArena arena;
  tablegate::core::Walk walk;
  ck_assert(!program.walk({values.data()}, arena, walk));
  const tablegate::core::Statement statement = program.statement(walk.path);
  std::string types;
  for (const uint32_t type : statement.types) types += " " + std::to_string(type);
  const size_t at = statement.sql.find("\"t\"");
  return statement.sql.substr(at + 3) + types;
}

std::string by(const char* column, const char* type, const char* comparison, const char* more = "") {
  return std::string(R"({"name":")") + column + R"(","type":")" + type + R"(","operator":")" + comparison +
         "\"" + more + "}";
}

START_TEST(every_operator) {
  for (const auto& [comparison, sql] : {std::pair("=", "="), std::pair("!=", "<>"), std::pair("<", "<"),
                                        std::pair("<=", "<="), std::pair(">", ">"), std::pair(">=", ">=")})
    same_text(where(by("at", "DATETIME", comparison), {"2025-01-31"}),
              std::string(" WHERE \"at\" ") + sql + " $1 LIMIT 2001 1184");
  same_text(where(by("name", "STRING", "LIKE"), {"a%"}), " WHERE \"name\" LIKE $1 LIMIT 2001 25");
  same_text(where(by("name", "STRING", "NOT LIKE"), {"a%"}), " WHERE \"name\" NOT LIKE $1 LIMIT 2001 25");
  same_text(where(by("id", "LONG", "IN"), {"{1}"}), " WHERE \"id\" = ANY($1) LIMIT 2001 1016");
  same_text(where(by("at", "DATETIME", "NOT IN"), {"{}"}),
            " WHERE \"at\" IS NOT NULL AND \"at\" <> ALL($1) LIMIT 2001 1185");
}
END_TEST

START_TEST(several_parameters_on_one_column) {
  const std::string range =
      R"({"name":"from","column":"id","type":"LONG","operator":">="},)"
      R"({"name":"to","column":"id","type":"LONG","operator":"<","required":false},)"
      R"({"name":"not","column":"id","type":"LONG","operator":"NOT IN","required":false})";
  same_text(where(range, {"1", "5", "{2}"}),
            " WHERE \"id\" >= $1 AND \"id\" < $2 AND \"id\" IS NOT NULL AND \"id\" <> ALL($3) LIMIT 2001 20 "
            "20 1016");
  same_text(where(range, {"1", nullptr, nullptr}), " WHERE \"id\" >= $1 LIMIT 2001 20");
  same_text(where(by("id", "LONG", "IN", R"(,"required":false)"), {nullptr}), " LIMIT 2001");
  same_text(where(by("id", "LONG", "IN", R"(,"required":false,"default":"1,2")"), {"{1,2}"}),
            " WHERE \"id\" = ANY($1) LIMIT 2001 1016");
}
END_TEST

START_TEST(only_a_required_equality_finds_by_key) {
  const auto point = [](const std::string& parameters) {
    return compile_api(entry(parameters, "object")).point;
  };
  ck_assert(point(by("id", "LONG", "=")));
  ck_assert(
      point(by("id", "LONG", "=") + "," + R"({"name":"b","column":"id","type":"LONG","operator":">"})"));
  for (const char* const other : {"!=", "<", "<=", ">", ">=", "IN", "NOT IN"})
    ck_assert_msg(!point(by("id", "LONG", other)), "%s", other);
  ck_assert(!point(by("id", "LONG", "=", R"(,"required":false)")));
}
END_TEST

START_TEST(defaults_of_lists) {
  const auto default_of = [](const char* value) {
    ManifestContents all;
    all.apis = {entry(by("name", "STRING", "IN", value))};
    const auto manifest = tablegate::core::read_manifest(write_manifest(all));
    ck_assert(static_cast<bool>(manifest));
    const auto& items = (*manifest)->apis.at(0).parameters.at(0).default_items;
    if (!items) return std::string("none");
    std::string out;
    for (const std::string& item : *items) out += "[" + item + "]";
    return out;
  };
  same_text(default_of(R"(,"required":false)"), "none");
  same_text(default_of(R"(,"required":false,"default":"a,b")"), "[a][b]");
  same_text(default_of(R"(,"required":false,"default":["a,b","",5])"), "[a,b][][5]");
  same_text(default_of(R"(,"required":false,"default":[])"), "");
  same_text(default_of(R"(,"required":false,"default":"")"), "[]");
}
END_TEST

std::string faults(const std::string& parameters) {
  const ApiEntry api = entry(parameters);
  Problems problems;
  const Place place{"FILE", ""};
  check_api_shape(api.definition, place, problems);
  check_api_columns(api.definition, place, api.source, problems);
  std::string out;
  for (const std::string& line : problems.lines()) out += line + "\n";
  return out;
}

START_TEST(what_a_definition_must_not_say) {
  const std::string here = "FILE /request_parameters/0/";
  same_text(faults(by("id", "LONG", "LIKE")),
            here + "operator: LIKE is for type STRING, and \"id\" is LONG\n");
  same_text(faults(by("at", "DATETIME", "NOT LIKE")),
            here + "operator: NOT LIKE is for type STRING, and \"at\" is DATETIME\n");
  same_text(faults(by("id", "LONG", "=", R"(,"sample":[1,2])")),
            here + "sample: must be one value: only IN and NOT IN take a list\n");
  same_text(faults(by("name", "STRING", "LIKE", R"(,"sample":"a\\")")),
            here + "sample: must not end in a single \\, which escapes the next character of a pattern\n");
  same_text(faults(by("id", "LONG", "IN", R"(,"sample":[1,"x"])")),
            here +
                "sample/1: is not LONG: must be a whole number from -9223372036854775808 to "
                "9223372036854775807\n");
  same_text(faults(by("id", "LONG", "IN", R"(,"sample":"1,")")),
            here +
                "sample: item 2 is not LONG: must be a whole number from -9223372036854775808 to "
                "9223372036854775807\n");
  same_text(faults(by("id", "LONG", "IN", R"(,"default":"1")")),
            here + "default: requires \"required\": false\n");
  same_text(faults(by("name", "STRING", "IN", R"(,"sample":["a,b"])")),
            here +
                "sample/0: has a comma: only a JSON body can send such an item, and samples are sent without "
                "one\n");
  same_text(faults(by("name", "STRING", "IN", R"(,"sample":[])")), here + "sample: must have an item\n");
  std::string many = "1";
  for (int i = 0; i < 1000; ++i) many += ",1";
  same_text(faults(by("id", "LONG", "IN", (",\"sample\":\"" + many + "\"").c_str())),
            here + "sample: must have at most 1000 items\n");
  same_text(faults(by("id", "LONG", "IN", R"(,"sample":"1,2")")), "");
  same_text(faults(by("id", "LONG", "IN", R"(,"sample":1)")), "");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_conditions", every_operator, several_parameters_on_one_column,
                only_a_required_equality_finds_by_key, defaults_of_lists, what_a_definition_must_not_say);
