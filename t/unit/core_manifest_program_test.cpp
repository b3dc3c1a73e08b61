// core/manifest_reader: statement programs.
#include "core/manifest/manifest_reader.hpp"
#include "core_manifest_testing.hpp"

using namespace tablegate::core;
using namespace tablegate::core::testing::faults;
using testing::api_line;

namespace {

// The reason for refusing an API with one parameter and this program.
std::string refused_of(const std::string& parameter, const std::string& nodes) {
  return refused(
      api_line("1", "GET", "/x", "[]",
               {{R"("parameters":[])", R"("parameters":[)" + parameter + "]"}, {R"(["SELECT 1"])", nodes}}));
}

std::string refused_statement(const std::string& nodes) {
  return refused_of(kParameter, nodes);
}

std::string nested(size_t depth) {
  std::string nodes = "[\"x\"]";
  while (depth-- > 0) nodes = R"([{"where":)" + nodes + "}]";
  return nodes;
}

START_TEST(programs_that_make_no_sense_are_refused_with_their_pointer) {
  ck_text_eq(refused_api(R"("statement":["SELECT 1"],)", ""), "line 2: /statement: is missing");
  ck_text_eq(refused_statement(R"("SELECT 1")"), "line 2: /statement: must be a list");
  ck_text_eq(refused_statement("[]"), "line 2: /statement: must not be empty");
  ck_text_eq(refused_statement(R"([""])"), "line 2: /statement/0: must not be empty");
  ck_text_eq(refused_statement("[1]"), "line 2: /statement/0: must be an object");
  ck_text_eq(refused_statement("[null]"), "line 2: /statement/0: must be an object");
  ck_text_eq(refused_statement(R"(["a",{}])"), "line 2: /statement/1: is no node that this module knows");
  ck_text_eq(refused_statement(R"([{"loop":[]}])"),
             "line 2: /statement/0: is no node that this module knows");
  ck_text_eq(refused_statement(R"([{"table":""}])"), "line 2: /statement/0/table: must not be empty");
  ck_text_eq(refused_statement(R"([{"table":"t","at":1}])"), "line 2: /statement/0/at: is not known");
  ck_text_eq(refused_statement(R"([{"table":"t","value":0}])"), "line 2: /statement/0/value: is not known");
  ck_text_eq(refused_statement(R"([{"value":1}])"), "line 2: /statement/0/value: is no parameter of the API");
  ck_text_eq(refused_statement(R"([{"value":-1}])"), "line 2: /statement/0/value: is out of range");
  ck_text_eq(refused_statement(R"([{"value":"p"}])"), "line 2: /statement/0/value: must be a whole number");
  ck_text_eq(refused_statement(R"([{"list":0}])"), "line 2: /statement/0/list: is no list parameter");
  ck_text_eq(refused_statement(R"([{"item":0}])"),
             "line 2: /statement/0/item: is in no foreach of that level");
  std::string list = kParameter;
  list.insert(1, R"("list":true,)");
  ck_text_eq(refused_of(list, R"([{"value":0}])"), "line 2: /statement/0/value: is a list parameter");
  ck_text_eq(refused_of(list, R"([{"list":0}])"), "accepted");
  ck_text_eq(refused_of(list, R"([{"foreach":[{"item":0}],"parameter":0}])"), "accepted");
  const std::string loop =
      R"x([{"foreach":[{"item":0}],"parameter":0,"open":"(","close":")","separator":",","pad":true)x";
  ck_text_eq(refused_statement(loop + "}]"), "line 2: /statement/0/parameter: is no list parameter");
  ck_text_eq(refused_statement(loop + R"(,"index":0}])"), "line 2: /statement/0/index: is not known");
  ck_text_eq(refused_statement(R"([{"foreach":[{"item":0}]}])"),
             "line 2: /statement/0/parameter: is missing");
  ck_text_eq(refused_statement(R"([{"if":{"present":0}}])"), "line 2: /statement/0/then: is missing");
  ck_text_eq(refused_statement(R"([{"if":{},"then":[]}])"), "line 2: /statement/0/if/present: is missing");
  ck_text_eq(refused_statement(R"([{"if":{"present":0,"x":0},"then":[]}])"),
             "line 2: /statement/0/if/x: is not known");
  ck_text_eq(refused_statement(R"([{"if":{"present":1},"then":[]}])"),
             "line 2: /statement/0/if/present: is no parameter of the API");
  ck_text_eq(refused_statement(R"([{"where":["a",{"if":{"present":0},"then":[{"value":7}]}]}])"),
             "line 2: /statement/0/where/1/then/0/value: is no parameter of the API");
  ck_text_eq(refused_statement(R"([{"choose":[]}])"), "line 2: /statement/0/choose: must not be empty");
  ck_text_eq(refused_statement(R"([{"choose":["x"]}])"), "line 2: /statement/0/choose/0: must be an object");
  ck_text_eq(refused_statement(R"([{"choose":[{"when":{"present":9},"then":[]}]}])"),
             "line 2: /statement/0/choose/0/when/present: is no parameter of the API");
  ck_text_eq(
      refused_statement(R"([{"choose":[{"when":{"present":0},"then":[]}],"otherwise":[{"value":9}]}])"),
      "line 2: /statement/0/otherwise/0/value: is no parameter of the API");
  ck_text_eq(
      refused_statement(R"([{"trim":["x"],"prefix_overrides":["AND ","OR"]}])"),
      "line 2: /statement/0/prefix_overrides/0: must be a word without $ and without spaces around it");
  ck_text_eq(
      refused_statement(R"([{"trim":["x"],"suffix_overrides":["OR","$1"]}])"),
      "line 2: /statement/0/suffix_overrides/1: must be a word without $ and without spaces around it");
}
END_TEST

START_TEST(programs_are_bounded_in_depth_and_size) {
  ck_text_eq(refused_statement(nested(kMaxNodeDepth)), "accepted");
  ck_assert(refused_statement(nested(kMaxNodeDepth + 1)).find("/where: is nested too deeply") !=
            std::string::npos);
  std::string most;
  for (size_t i = 0; i < kMaxNodes; ++i) most += "\"x\",";
  ck_text_eq(refused_statement("[" + most.substr(0, most.size() - 1) + "]"), "accepted");
  ck_text_eq(refused_statement("[" + most + "\"x\"]"), "line 2: /statement/32767: is one node too many");
}
END_TEST

START_TEST(more_optional_parameters_than_a_path_has_short_bits_are_told_apart) {
  std::string optional = kParameter;
  optional.replace(optional.find("true"), 4, "false");
  std::string list = "\"parameters\":[";
  std::string nodes;
  for (int i = 0; i < 66; ++i) {
    list += (i > 0 ? "," : "") + optional;
    nodes +=
        R"(,{"if":{"present":)" + std::to_string(i) + R"(},"then":[{"value":)" + std::to_string(i) + "}]}";
  }
  const auto manifest = testing::good_manifest(
      api_line("1", "GET", "/x", "[]",
               {{R"("parameters":[])", list + "]"}, {R"(["SELECT 1"])", "[\"SELECT \"" + nodes + "]"}}));
  const Program& program = manifest->apis[0].program;
  ck_assert_uint_eq(program.decisions(), 66);
  std::vector<const char*> values(66, nullptr);
  BlockArena arena;
  Walk none, one;
  ck_assert(!program.walk({values.data()}, arena, none));
  values[65] = "7";
  ck_assert(!program.walk({values.data()}, arena, one));
  ck_assert(none.path != one.path);
  ck_text_eq(program.statement(one.path).sql, "SELECT $1");
}
END_TEST

}  // namespace

// With `internal` between the API's one parameter and its statement.
std::string refused_internal(const std::string& internal, const std::string& nodes) {
  return refused(api_line(
      "1", "GET", "/x", "[]",
      {{R"("parameters":[])", R"("parameters":[)" + std::string(kParameter) + R"(],"internal":)" + internal},
       {R"(["SELECT 1"])", nodes}}));
}

START_TEST(values_of_the_gateway_follow_the_parameters) {
  const std::string rows = R"([{"is":"page_rows","type":"int8"},{"is":"cursor_key","type":"text"}])";
  const std::string nodes = R"(["LIMIT ",{"value":1},{"if":{"present":2},"then":[{"value":0},{"value":2}]}])";
  ck_text_eq(refused_internal(rows, nodes), "accepted");
  ck_text_eq(refused_internal(rows, R"([{"value":3}])"),
             "line 2: /statement/0/value: is no parameter of the API");
  ck_text_eq(refused_internal(rows, R"([{"list":1}])"), "line 2: /statement/0/list: is no list parameter");
  ck_text_eq(refused_internal(R"([{"is":"x","type":"int8"}])", nodes),
             "line 2: /internal/0/is: is no value that this module makes");
  ck_text_eq(refused_internal(R"([{"is":"page_rows","type":"x"}])", nodes),
             "line 2: /internal/0/type: is no column type");

  const auto manifest = testing::good_manifest(api_line(
      "1", "GET", "/x", "[]",
      {{R"("parameters":[])", R"("parameters":[)" + std::string(kParameter) + R"(],"internal":)" + rows},
       {R"(["SELECT 1"])", nodes}}));
  const Program& program = manifest->apis[0].program;
  const char* const values[] = {"7", "11", "last"};
  BoundValues bound;
  bound.values = values;
  BlockArena arena;
  Walk walk;
  ck_assert(!program.walk(bound, arena, walk));
  ck_assert_int_eq(walk.count, 3);
  ck_assert_str_eq(walk.values[0], "11");
  ck_assert_str_eq(walk.values[2], "last");
  const Statement statement = program.statement(walk.path);
  ck_text_eq(statement.sql, "LIMIT $1$2$3");
  ck_assert_uint_eq(statement.types[2], 25);
}
END_TEST

TABLEGATE_SUITE("core_manifest_program", values_of_the_gateway_follow_the_parameters,
                programs_that_make_no_sense_are_refused_with_their_pointer,
                programs_are_bounded_in_depth_and_size,
                more_optional_parameters_than_a_path_has_short_bits_are_told_apart);
