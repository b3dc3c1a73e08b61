// The enumerated paths of a statement program are those that core's walk takes.
#include "script/program_paths.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "core/plan/program.hpp"
#include "loader_script_testing.hpp"
#include "loader_testing.hpp"  // last: see there
#include "script/template.hpp"

using namespace tablegate;
using namespace tablegate::loader;
using core::Nodes;
using tablegate::loader::testing::script_parameters;
using tablegate::loader::testing::words;

namespace {

constexpr uint32_t kInt8 = 20;

core::Node text(const std::string& sql) {
  return {core::TextNode{sql}};
}
core::Node value(uint32_t parameter) {
  return {core::ValueNode{parameter}};
}
core::Node optional(uint32_t parameter) {
  return {core::IfNode{{parameter}, {text(" AND c" + std::to_string(parameter) + " = "), value(parameter)}}};
}

PathParameters parameters(uint32_t required = 0, size_t items = 1) {
  return {[required](uint32_t number) { return number < required; }, [items](uint32_t) { return items; }};
}

Nodes optional_conditions(uint32_t count) {
  Nodes nodes;
  for (uint32_t i = 0; i < count; ++i) nodes.push_back(optional(i));
  return nodes;
}

// Each path is the one that a request with these parameters takes, and no request takes another one.
void same_as_walk(const Nodes& nodes, uint32_t count, uint32_t required) {
  const core::Result<core::Program> program =
      core::Program::build(nodes, std::vector<core::PlaceholderType>(count, kInt8));
  ck_assert(static_cast<bool>(program));
  const std::vector<ProgramPath> paths = program_paths(nodes, parameters(required)).paths;
  std::set<std::string> statements;
  for (const ProgramPath& path : paths) {
    const std::string sql = program->statement(path.path()).sql;
    ck_assert_msg(statements.insert(sql).second, "twice: %s", sql.c_str());
  }
  std::set<std::string> walked;
  for (size_t bits = 0; bits < size_t{1} << count; ++bits) {
    std::vector<std::string> texts;
    std::vector<const char*> values;
    for (uint32_t i = 0; i < count; ++i) texts.push_back(std::to_string(i));
    for (uint32_t i = 0; i < count; ++i)
      values.push_back(i < required || (bits >> i & 1U) != 0 ? texts[i].c_str() : nullptr);
    core::BlockArena arena;
    core::Walk walk;
    ck_assert(!program->walk({values.data()}, arena, walk));
    const std::string sql = program->statement(walk.path).sql;
    walked.insert(sql);
    const auto same = std::find_if(paths.begin(), paths.end(), [&](const ProgramPath& path) {
      return program->statement(path.path()).sql == sql;
    });
    ck_assert_msg(same != paths.end(), "missing: %s", sql.c_str());
    ck_assert_int_eq(walk.count, static_cast<int>(same->values.size()));
    for (size_t i = 0; i < same->values.size(); ++i)
      ck_text_eq(walk.values[i], std::to_string(same->values[i].parameter));
  }
  ck_assert_uint_eq(walked.size(), statements.size());
}

START_TEST(all_paths_of_few_conditions) {
  Nodes nodes = optional_conditions(5);
  same_as_walk(nodes, 5, 0);
  same_as_walk(nodes, 5, 2);
  core::ChooseNode choose;
  choose.whens.push_back({{3}, {text(" x "), value(3), optional(1)}});
  choose.whens.push_back({{4}, {text(" y ")}});
  choose.otherwise = {text(" z "), optional(0)};
  nodes.push_back({choose});
  core::WhereNode where;
  where.content.push_back({core::IfNode{{2}, {text(" AND d = "), value(2), optional(4)}}});
  nodes.push_back({where});
  same_as_walk(nodes, 5, 0);
  same_as_walk(nodes, 5, 1);
}
END_TEST

START_TEST(what_cannot_happen_is_left_out) {
  // 8 conditions that exclude one another are 9 paths, not 256.
  core::ChooseNode choose;
  for (uint32_t i = 0; i < 8; ++i) choose.whens.push_back({{i}, {text(" AND a = "), value(i)}});
  choose.otherwise = {text(" AND true")};
  ck_assert_uint_eq(program_paths({{choose}}, parameters()).paths.size(), 9);
  // The same condition twice is decided once.
  ck_assert_uint_eq(program_paths({optional(0), text(" OR b"), optional(0)}, parameters()).paths.size(), 2);
}
END_TEST

START_TEST(many_conditions_alone_in_pairs_and_together) {
  ck_assert_uint_eq(program_paths(optional_conditions(8), parameters()).paths.size(), 256);
  const std::vector<ProgramPath> paths = program_paths(optional_conditions(12), parameters()).paths;
  ck_assert_uint_eq(paths.size(), 1 + 12 + 66 + 1);
  ck_assert_uint_eq(paths.front().present.size(), 0);
  ck_assert_uint_eq(paths.back().present.size(), 12);
  ck_assert_uint_eq(program_paths(optional_conditions(40), parameters()).paths.size(), 1 + 40 + 780 + 1);
  // More decisions than fit one word. So many pairs cost too much.
  const std::vector<ProgramPath> wide = program_paths(optional_conditions(70), parameters()).paths;
  ck_assert_uint_eq(wide.size(), 1 + 70 + 1);
  ck_assert(wide.back().path().decision(69));
  ck_assert(!wide.front().path().decision(69));
}
END_TEST

START_TEST(all_paths_are_known_to_be_all) {
  ck_assert(program_paths(optional_conditions(8), parameters()).complete);
  ck_assert(!program_paths(optional_conditions(9), parameters()).complete);
  // 47 paths, which are not all.
  const ProgramPaths few = program_paths(optional_conditions(9), parameters());
  ck_assert_uint_eq(few.paths.size(), 1 + 9 + 36 + 1);
}
END_TEST

START_TEST(lists_have_the_items_of_the_sample) {
  core::ForeachNode each;
  each.parameter = 0;
  each.content = {core::Node{core::ItemNode{0}}};
  each.open = "(";
  each.close = ")";
  each.separator = ",";
  each.pad = true;
  const Nodes nodes{{each}};
  const core::Result<core::Program> program =
      core::Program::build(nodes, {core::PlaceholderType{1016, kInt8}});
  ck_assert(static_cast<bool>(program));
  const std::vector<ProgramPath> paths = program_paths(nodes, parameters(0, 3)).paths;
  ck_assert_uint_eq(paths.size(), 2);
  ck_text_eq(program->statement(paths[0].path()).sql, "");
  ck_text_eq(program->statement(paths[1].path()).sql, "($1,$2,$3,$4)");
  ck_assert_uint_eq(*paths[1].values[3].item, 2);
}
END_TEST

// The paths of a script, of whose parameters none is required.
std::vector<ProgramPath> paths_of(const std::string& script, const std::string& names, size_t items = 2) {
  const std::vector<RequestParameter> all = script_parameters(names);
  std::vector<ScriptFault> faults;
  const Nodes nodes = read_template({script, all, false}, faults).draft;
  ck_assert_msg(faults.empty(), "%s", faults.empty() ? "" : faults[0].text.c_str());
  return program_paths(nodes, parameters(0, items)).paths;
}

// "+test -test": what the path decides.
std::string decided(const ProgramPath& path) {
  std::string out;
  for (const PathDecision& one : path.decided)
    out += (out.empty() ? "" : " ") + std::string(one.outcome ? "+" : "-") + words(one.test) +
           (one.of_item ? "@" : "");
  return out;
}

// Each in any order.
void same_paths(const std::vector<ProgramPath>& paths, const std::set<std::string>& expected) {
  std::set<std::string> found;
  for (const ProgramPath& path : paths) found.insert(decided(path));
  for (const std::string& one : found)
    ck_assert_msg(expected.count(one) != 0, "not expected: %s", one.c_str());
  for (const std::string& one : expected) ck_assert_msg(found.count(one) != 0, "missing: %s", one.c_str());
  ck_assert_uint_eq(paths.size(), expected.size());
}

START_TEST(what_follows_is_not_decided_again) {
  same_paths(
      paths_of("<if test=\"ids != null and ids.size() > 0\">a</if><if test=\"ids != null\">b</if>"
               "<foreach collection=\"ids\" item=\"x\">${x}</foreach><if test=\"!ids.isEmpty()\">c</if>",
               "ids:LONG_LIST"),
      {"-(and (!= p0 null) (> (size p0) 0)) -(!= p0 null)",
       "-(and (!= p0 null) (> (size p0) 0)) +(!= p0 null)", "+(and (!= p0 null) (> (size p0) 0))"});
  // Nested, and the same test twice.
  same_paths(paths_of("<if test=\"a != null\">x<if test=\"a != null and b != ''\">y</if></if>"
                      "<if test=\"not (a == null)\">z</if>",
                      "a:LONG b:STRING"),
             {"-(!= p0 null)", "+(!= p0 null) -(and (!= p0 null) (!= p1 ''))",
              "+(!= p0 null) +(and (!= p0 null) (!= p1 ''))"});
  // Of an `and` that is false the last part is false, when the others are true.
  ck_assert_uint_eq(
      paths_of("<if test=\"a != null and b\">x</if><if test=\"a != null\">y<if test=\"b\">z</if></if>",
               "a:LONG b:BOOLEAN")
          .size(),
      3);
}
END_TEST

START_TEST(one_parameter_has_one_value) {
  const auto choose = [](int count) {
    std::string script = "<choose>";
    for (int i = 0; i < count; ++i) script += "<when test=\"s == 'k" + std::to_string(i) + "'\">a</when>";
    return script + "<otherwise>b</otherwise></choose>";
  };
  ck_assert_uint_eq(paths_of(choose(40), "s:STRING").size(), 41);
  std::string ifs;
  for (int i = 0; i < 40; ++i) ifs += "<if test=\"s == 'k" + std::to_string(i) + "'\">a</if>";
  ck_assert_uint_eq(paths_of(ifs, "s:STRING").size(), 41);
  // By value, whether it is written as a text or not.
  ck_assert_uint_eq(
      paths_of("<if test=\"n == 1\">a</if><if test=\"n == '1.0'\">b</if><if test=\"n == 2\">c</if>", "n:LONG")
          .size(),
      3);
  ck_assert_uint_eq(
      paths_of("<if test=\"s in {'a', 'b'}\">a</if><if test=\"s == 'a'\">b</if>", "s:STRING").size(), 3);
  ck_assert_uint_eq(
      paths_of("<if test=\"s == ''\">a</if><if test=\"s.length() > 0\">b</if>", "s:STRING").size(), 3);
}
END_TEST

START_TEST(nested_conditions_are_reached) {
  // 20 conditions, each within another one that comes after many: too many for all paths.
  std::string script;
  for (int i = 0; i < 10; ++i) {
    const std::string outer = "p" + std::to_string(i), inner = "q" + std::to_string(i);
    script += "<if test=\"" + outer + " != null\">a<if test=\"" + inner + " == 'x'\">b</if></if>";
  }
  std::string names;
  for (int i = 0; i < 10; ++i)
    names += "p" + std::to_string(i) + ":STRING q" + std::to_string(i) + ":STRING ";
  const std::vector<ProgramPath> paths = paths_of(script, names);
  ck_assert_uint_gt(paths.size(), 20);
  ck_assert_uint_lt(paths.size(), 256);
  for (uint32_t i = 0; i < 10; ++i) {
    const bool reached = std::any_of(paths.begin(), paths.end(), [i](const ProgramPath& path) {
      return path.present == std::vector<uint32_t>{2 * i, 2 * i + 1};
    });
    ck_assert_msg(reached, "%u", i);
  }
}
END_TEST

START_TEST(many_tests) {
  std::string script, names, other;
  for (int i = 0; i < 12; ++i) {
    script += "<if test=\"p" + std::to_string(i) + " != null and p" + std::to_string(i) + " != ''\">a</if>";
    names += "p" + std::to_string(i) + ":STRING ";
  }
  ck_assert_uint_eq(paths_of(script, names).size(), 1 + 12 + 66 + 1);
  for (int i = 0; i < 150; ++i) {
    const std::string number = std::to_string(i);
    other += "<if test=\"a != " + number + " and b != 'x" + number + "'\">a</if>";
  }
  ck_assert_uint_le(paths_of(other, "a:LONG b:STRING").size(), 152);
}
END_TEST

START_TEST(items_and_rounds_of_loops) {
  // The number of the round is known.
  same_paths(
      paths_of(
          "<foreach collection=\"ids\" item=\"x\" index=\"k\"><if test=\"k > 0\">or</if>${x} + ${k}</foreach>"
          "<if test=\"ids == null\">a</if>",
          "ids:LONG_LIST"),
      {"-p0 -(== p0 null)", "-p0 +(== p0 null)", "+p0"});
  // An item is that of its list.
  const std::vector<ProgramPath> paths = paths_of(
      "<foreach collection=\"ids\" item=\"x\"><if test=\"x > 5\">${x}</if></foreach>", "ids:LONG_LIST");
  same_paths(paths,
             {"-p0", "+p0 -(> (at p0 0) 5)@ -(> (at p0 1) 5)@", "+p0 -(> (at p0 0) 5)@ +(> (at p0 1) 5)@",
              "+p0 +(> (at p0 0) 5)@ -(> (at p0 1) 5)@", "+p0 +(> (at p0 0) 5)@ +(> (at p0 1) 5)@"});
  ck_assert_uint_eq(*paths.back().values.back().item, 1);
}
END_TEST

START_TEST(lists_that_are_never_empty) {
  const std::vector<RequestParameter> all = script_parameters("ids:LONG_LIST s:STRING");
  const auto count = [&all](const std::string& script, bool required, bool empty) {
    std::vector<ScriptFault> faults;
    const Nodes nodes = read_template({script, all, false}, faults).draft;
    ck_assert_msg(faults.empty(), "%s", faults.empty() ? "" : faults[0].text.c_str());
    PathParameters these = parameters(required ? 1 : 0, 2);
    these.may_be_empty = [empty](uint32_t number) { return number != 0 || empty; };
    return program_paths(nodes, these).paths.size();
  };
  const std::string each = "<foreach collection=\"ids\" item=\"x\">${x}</foreach>";
  const struct {
    std::string script;
    size_t optional, required;  // paths
    size_t empty_optional, empty_required;
  } cases[] = {
      {each, 2, 1, 2, 2},
      {"<if test=\"ids != null\">a" + each + "</if>", 2, 1, 3, 2},
      {each + "<if test=\"ids != null\">a</if>", 2, 1, 3, 2},
      {"<if test=\"ids.size() > 0\">a</if><if test=\"ids != null\">b</if>", 2, 1, 3, 2},
      {"<if test=\"ids != null\">a</if><if test=\"ids.isEmpty()\">b</if>", 2, 1, 3, 2},
      {"<if test=\"ids != null and ids.size() == 0\">a</if>" + each, 2, 1, 3, 2},
      {"<if test=\"ids[0] != null\">a</if><if test=\"ids\">b</if>", 2, 1, 2, 2},
      {"<if test=\"ids.size() > 1\">a</if>" + each, 3, 2, 3, 3},
      {"<if test=\"s == ''\">a</if><if test=\"s.length() > 0\">b</if>" + each, 6, 3, 6, 6},
  };
  for (const auto& one : cases) {
    const size_t found[] = {count(one.script, false, false), count(one.script, true, false),
                            count(one.script, false, true), count(one.script, true, true)};
    const size_t expected[] = {one.optional, one.required, one.empty_optional, one.empty_required};
    for (size_t i = 0; i < std::size(found); ++i)
      ck_assert_msg(found[i] == expected[i], "%s: case %zu has %zu paths", one.script.c_str(), i, found[i]);
  }
}
END_TEST

START_TEST(rejected_calls_are_left_out) {
  const std::vector<RequestParameter> all = script_parameters("a:LONG b:LONG");
  std::vector<ScriptFault> faults;
  Nodes nodes =
      read_template({"<if test=\"a != null\">x</if><if test=\"b != null\">y</if>", all, false}, faults).draft;
  ck_assert_uint_eq(program_paths(nodes, parameters()).paths.size(), 4);
  core::RejectNode reject;
  reject.when.kind = core::Expression::Kind::logical_and;
  for (const core::Node& node : nodes) {
    if (const auto* const one = std::get_if<core::IfNode>(&node.is))
      reject.when.operands.push_back(*one->condition.test);
  }
  nodes.push_back({reject});
  ck_assert_uint_eq(program_paths(nodes, parameters()).paths.size(), 3);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_program_paths", all_paths_of_few_conditions, all_paths_are_known_to_be_all,
                what_cannot_happen_is_left_out, many_conditions_alone_in_pairs_and_together,
                lists_have_the_items_of_the_sample, what_follows_is_not_decided_again,
                one_parameter_has_one_value, nested_conditions_are_reached, many_tests,
                items_and_rounds_of_loops, lists_that_are_never_empty, rejected_calls_are_left_out);
