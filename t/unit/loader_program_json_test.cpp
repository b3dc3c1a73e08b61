// The manifest's form of statement programs: what the loader writes of any program fits the schema, and the
// gateway reads the same program from it.
#include "compile/program_json.hpp"

#include <rapidjson/schema.h>

#include <string>
#include <vector>

#include "core/manifest/manifest_object.hpp"
#include "core/manifest/manifest_program.hpp"
#include "model/definition.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
namespace core = tablegate::core;

namespace {

using core::Expression;
using Kind = core::Expression::Kind;

Expression leaf(Kind kind, uint32_t place = 0, const char* text = "") {
  return {kind, place, text, {}};
}

// Each kind of expression, each method, in one.
Expression every_expression() {
  const Expression list = leaf(Kind::parameter, 1);
  Expression all{Kind::logical_or,
                 0,
                 {},
                 {leaf(Kind::null), leaf(Kind::boolean, 1), leaf(Kind::boolean),
                  leaf(Kind::number, 0, "-12.50"), leaf(Kind::text, 0, "a\"\n\xC3\xA9"), list}};
  const auto add = [&all](Kind kind, std::vector<Expression> operands, uint32_t place = 0) {
    all.operands.push_back({kind, place, {}, std::move(operands)});
  };
  for (const Kind kind : {Kind::negate, Kind::logical_not}) add(kind, {list});
  for (int kind = static_cast<int>(Kind::logical_and); kind <= static_cast<int>(Kind::at); ++kind)
    add(static_cast<Kind>(kind), {list, leaf(Kind::number, 0, "1")});
  for (const Kind kind : {Kind::in, Kind::not_in, Kind::logical_and}) add(kind, {list, list, list});
  for (uint32_t method = 0; method <= static_cast<uint32_t>(core::Method::to_upper_case); ++method) {
    std::vector<Expression> operands{list};
    if (core::method_arguments(static_cast<core::Method>(method)) > 0) operands.push_back(list);
    add(Kind::call, operands, method);
  }
  return all;
}

core::Node text(const char* sql, uint32_t origin = 0) {
  return {core::TextNode{sql, origin}};
}

core::Nodes every_node() {
  core::Condition test;
  test.test = every_expression();
  core::Condition in_loop;
  in_loop.test = Expression{Kind::equal, 0, {}, {leaf(Kind::item, 0), leaf(Kind::index, 1)}};
  const core::Nodes item{{core::ItemNode{0}}, {core::IndexNode{1}}, {core::IfNode{in_loop, {text("y")}}}};
  core::ChooseNode choose;
  choose.whens = {{{0, {}}, {text("a")}}, {test, {{core::ListItemNode{1, 2}}}}};
  choose.otherwise = {text("b")};
  return {text("SELECT "),
          {core::TableNode{"t"}},
          {core::GenerationNode{"t"}},
          {core::ValueNode{0}},
          {core::ListNode{1}},
          {core::ForeachNode{1, {{core::ForeachNode{1, item, "", "", "", false}}}, "(", ")", ",", true}},
          {core::IfNode{test, {{core::WhereNode{{text("x")}}}}}},
          {choose},
          {core::TrimNode{{text("z")}, "p", "s", {"AND"}, {",", "OR"}}},
          {core::RejectNode{every_expression(), {0, 1}}}};
}

core::Program read(const std::string& json, std::string& said) {
  const core::JsonPtr document(json_loads(("{\"statement\":" + json + "}").c_str(), 0, nullptr));
  ck_assert(document != nullptr);
  std::optional<core::Error> problem;
  core::ObjectReader in(document.get(), "", problem);
  std::vector<core::Parameter> parameters(2);
  parameters[0].name = "one";
  parameters[1].name = "all";
  parameters[1].list = true;
  core::Program program = core::read_program(in, "statement", parameters, {});
  in.done();
  said = problem ? problem->text() : std::string();
  return program;
}

START_TEST(every_node_and_expression_is_read_as_it_is_written) {
  const std::string json = program_json(every_node());
  std::string said;
  const core::Program program = read(json, said);
  ck_text_eq(said.c_str(), "");
  ck_text_eq(program_json(program.nodes()), json.c_str());
}
END_TEST

START_TEST(what_is_written_fits_the_schema) {
  JsonDocument schema, nodes;
  ck_assert(parse_json(read_file("schema/manifest.schema.json", size_t{1} << 20), schema).empty());
  // The same definitions with the nodes as the whole document.
  schema.RemoveMember("oneOf");
  schema.AddMember("$ref", "#/definitions/nodes", schema.GetAllocator());
  ck_assert(parse_json(program_json(every_node()), nodes).empty());
  const rapidjson::SchemaDocument compiled(schema);
  const auto fits = [&compiled](const JsonValue& value) {
    rapidjson::SchemaValidator validator(compiled);
    return value.Accept(validator);
  };
  ck_assert(fits(nodes));
  for (const char* wrong :
       {R"([{"if":{"test":{"is":"nothing"}},"then":[]}])",
        R"([{"if":{"test":{"is":"equal","of":[{"is":"null"}]}},"then":[]}])",
        R"([{"if":{"present":0,"test":{"is":"null"}},"then":[]}])",
        R"([{"reject":{"is":"null"},"parameters":[]}])",
        R"([{"if":{"test":{"is":"null","value":true}},"then":[]}])",
        R"([{"if":{"test":{"is":"number","value":"1e5"}},"then":[]}])",
        R"([{"if":{"test":{"is":"call","method":"size","of":[{"is":"null"},{"is":"null"}]}},"then":[]}])"}) {
    JsonDocument document;
    ck_assert(parse_json(wrong, document).empty());
    ck_assert_msg(!fits(document), "%s", wrong);
    std::string said;
    read(wrong, said);
    ck_assert_msg(!said.empty(), "%s", wrong);
  }
}
END_TEST

START_TEST(pieces_of_text_are_written_as_one) {
  ck_text_eq(program_json({text("a", 1), text("b", 9), {core::ValueNode{0}}, text("c"), text("d")}),
             R"(["ab",{"value":0},"cd"])");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_program_json", every_node_and_expression_is_read_as_it_is_written,
                what_is_written_fits_the_schema, pieces_of_text_are_written_as_one);
