// The enumerated paths of a statement program are those that core's walk takes.
#include "script/program_paths.hpp"

#include <algorithm>
#include <set>

#include "core/plan/program.hpp"
#include "loader_testing.hpp"  // last: see there

using namespace tablegate;
using namespace tablegate::loader;
using core::Nodes;

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
  const std::vector<ProgramPath> paths = program_paths(nodes, parameters(required));
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
  ck_assert_uint_eq(program_paths({{choose}}, parameters()).size(), 9);
  // The same condition twice is decided once.
  ck_assert_uint_eq(program_paths({optional(0), text(" OR b"), optional(0)}, parameters()).size(), 2);
}
END_TEST

START_TEST(many_conditions_alone_in_pairs_and_together) {
  ck_assert_uint_eq(program_paths(optional_conditions(8), parameters()).size(), 256);
  const std::vector<ProgramPath> paths = program_paths(optional_conditions(12), parameters());
  ck_assert_uint_eq(paths.size(), 1 + 12 + 66 + 1);
  ck_assert_uint_eq(paths.front().present.size(), 0);
  ck_assert_uint_eq(paths.back().present.size(), 12);
  // More decisions than fit one word.
  const std::vector<ProgramPath> wide = program_paths(optional_conditions(70), parameters());
  ck_assert_uint_eq(wide.size(), 1 + 70 + 70 * 69 / 2 + 1);
  ck_assert(wide.back().path().decision(69));
  ck_assert(!wide.front().path().decision(69));
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
  const std::vector<ProgramPath> paths = program_paths(nodes, parameters(0, 3));
  ck_assert_uint_eq(paths.size(), 2);
  ck_text_eq(program->statement(paths[0].path()).sql, "");
  ck_text_eq(program->statement(paths[1].path()).sql, "($1,$2,$3,$4)");
  ck_assert_uint_eq(*paths[1].values[3].item, 2);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_program_paths", all_paths_of_few_conditions, what_cannot_happen_is_left_out,
                many_conditions_alone_in_pairs_and_together, lists_have_the_items_of_the_sample);
