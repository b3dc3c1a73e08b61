// core/plan: the statement program. What a walk binds, which path it takes, and the SQL of that path.
#include "core/plan/program.hpp"

#include <algorithm>
#include <set>

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

Node text(const char* sql) {
  return {TextNode{sql}};
}
Node table(const char* name) {
  return {TableNode{name}};
}
Node value(uint32_t parameter) {
  return {ValueNode{parameter}};
}
Node when(uint32_t parameter, Nodes then) {
  return {IfNode{{parameter}, std::move(then)}};
}
Node where(Nodes content) {
  return {WhereNode{std::move(content)}};
}
Node trim(Nodes content, const char* prefix, std::vector<std::string> prefix_overrides,
          const char* suffix = "", std::vector<std::string> suffix_overrides = {}) {
  return {
      TrimNode{std::move(content), prefix, suffix, std::move(prefix_overrides), std::move(suffix_overrides)}};
}
// The first of the parameters that is present, as a condition, or `otherwise`.
Node choose(const std::vector<uint32_t>& parameters, Nodes otherwise) {
  ChooseNode out;
  for (const uint32_t one : parameters) out.whens.push_back({{one}, {text(" AND x = "), value(one)}});
  out.otherwise = std::move(otherwise);
  return {std::move(out)};
}

constexpr uint32_t kInt8 = 20;

Program program(Nodes nodes, std::vector<PlaceholderType> types) {
  Result<Program> built = Program::build(std::move(nodes), std::move(types));
  ck_assert_msg(static_cast<bool>(built), "%s", built ? "" : built.error().text().c_str());
  return std::move(*built);
}

std::string refusal(Nodes nodes, std::vector<PlaceholderType> types) {
  const Result<Program> built = Program::build(std::move(nodes), std::move(types));
  return built ? "accepted" : built.error().text();
}

// "SQL | values | types" of a request with these values; null: absent.
std::string run_bound(const Program& program, const BoundValues& bound) {
  BlockArena arena;
  Walk walk;
  if (const Problem problem = program.walk(bound, arena, walk)) return std::string(problem.detail);
  const Statement statement = program.statement(walk.path);
  ck_assert_uint_eq(statement.types.size(), static_cast<size_t>(walk.count));
  std::string out = statement.sql + " |";
  for (int i = 0; i < walk.count; ++i)
    out += walk.values[i] == nullptr ? " NULL" : std::string(" ") + walk.values[i];
  out += " |";
  for (const uint32_t type : statement.types) out += " " + std::to_string(type);
  return out;
}

std::string run(const Program& program, const std::vector<const char*>& values) {
  ck_assert_uint_eq(values.size(), program.parameters());
  return run_bound(program, {values.data()});
}

std::string sql(const Nodes& nodes) {
  return program(nodes, {}).statement({}).sql;
}

Node list(uint32_t parameter) {
  return {ListNode{parameter}};
}
Node item(uint32_t level = 0) {
  return {ItemNode{level}};
}
Node each(uint32_t parameter, Nodes content, const char* open, const char* separator, const char* close,
          bool pad = false) {
  return {ForeachNode{parameter, std::move(content), open, close, separator, pad}};
}

constexpr PlaceholderType kInt8List{1016, kInt8};
constexpr PlaceholderType kTextList{1009, 25};

// As run(), of a request whose parameters are all lists.
std::string run_lists(const Program& program, const std::vector<std::vector<const char*>>& lists) {
  std::vector<const char*> values;
  std::vector<BoundItems> items;
  for (const auto& one : lists) {
    values.push_back("{...}");
    items.push_back({one.data(), one.size()});
  }
  return run_bound(program, {values.data(), items.data()});
}

// A wizard's program: conditions `pN = value` of as many parameters, all optional.
Program wizard(size_t parameters) {
  Nodes conditions;
  std::vector<PlaceholderType> types;
  for (uint32_t i = 0; i < parameters; ++i) {
    const std::string before = " AND p" + std::to_string(i) + " = ";
    conditions.push_back(when(i, {text(before.c_str()), value(i)}));
    types.emplace_back(1000 + i);
  }
  return program({text("SELECT a FROM "), table("t"), where(conditions), text(" LIMIT 10")}, types);
}

START_TEST(text_tables_and_values_stand_as_they_are) {
  const Program one = program(
      {text("SELECT a FROM "), table("t\"x"), text(" WHERE a = "), value(0), text(" AND b = "), value(1)},
      {20, 25});
  ck_text_eq(run(one, {"7", "x"}), R"(SELECT a FROM "mirror"."t""x" WHERE a = $1 AND b = $2 | 7 x | 20 25)");
  ck_assert_uint_eq(one.decisions(), 0);
  ck_assert(one.tables() == std::vector<std::string>{"t\"x"});
}
END_TEST

START_TEST(a_parameter_may_be_bound_several_times_in_any_order_or_not_at_all) {
  const Program one = program({value(2), text(" "), value(0), text(" "), value(2)}, {1, 2, 3});
  ck_text_eq(run(one, {"a", "b", "c"}), "$1 $2 $3 | c a c | 3 1 3");
  ck_text_eq(run(program({text("SELECT 1")}, {1}), {"a"}), "SELECT 1 | |");
}
END_TEST

START_TEST(an_absent_parameter_outside_of_a_condition_is_null) {
  ck_text_eq(run(program({value(0), text(","), value(1)}, {1, 2}), {nullptr, "b"}), "$1,$2 | NULL b | 1 2");
}
END_TEST

START_TEST(without_decisions_the_values_of_the_request_are_used_as_they_are) {
  const Program straight = program({value(0), text(" "), value(1)}, {1, 2, 3});
  const char* const values[] = {"a", "b", "c"};
  testing::ScarceArena none(0);
  Walk walk;
  ck_assert(!straight.walk({values}, none, walk));
  ck_assert(walk.values == values && walk.count == 2 && walk.path == Path{});
}
END_TEST

START_TEST(absent_optional_parameters_leave_no_trace_and_placeholders_are_numbered_anew) {
  const Program three = wizard(3);
  const std::string start = R"(SELECT a FROM "mirror"."t")";
  ck_text_eq(run(three, {nullptr, nullptr, nullptr}), start + " LIMIT 10 | |");
  ck_text_eq(run(three, {"1", nullptr, nullptr}), start + " WHERE p0 = $1 LIMIT 10 | 1 | 1000");
  ck_text_eq(run(three, {nullptr, nullptr, "3"}), start + " WHERE p2 = $1 LIMIT 10 | 3 | 1002");
  ck_text_eq(run(three, {nullptr, "2", "3"}),
             start + " WHERE p1 = $1 AND p2 = $2 LIMIT 10 | 2 3 | 1001 1002");
  ck_text_eq(run(three, {"", "2", "3"}),
             start + " WHERE p0 = $1 AND p1 = $2 AND p2 = $3 LIMIT 10 |  2 3 | 1000 1001 1002");
}
END_TEST

START_TEST(conditions_may_be_nested_and_empty) {
  const Program nested =
      program({text("S"), when(0, {text("a"), when(1, {text("b"), value(2)}), when(2, {})}),
               when(1, {value(1), value(1)})},
              {1, 2, 3});
  ck_text_eq(run(nested, {nullptr, nullptr, "3"}), "S | |");
  ck_text_eq(run(nested, {nullptr, "2", "3"}), "S$1$2 | 2 2 | 2 2");
  ck_text_eq(run(nested, {"1", nullptr, "3"}), "Sa | |");
  ck_text_eq(run(nested, {"1", "2", "3"}), "Sab$1$2$3 | 3 2 2 | 3 2 2");
  ck_text_eq(run(nested, {"1", "2", nullptr}), "Sab$1$2$3 | NULL 2 2 | 3 2 2");
}
END_TEST

START_TEST(the_first_true_branch_of_a_choose_is_taken) {
  const Program one = program(
      {text("S"), where({choose({2, 0}, {text(" AND none")}), when(1, {text(" AND y = "), value(1)})})},
      {1, 2, 3});
  ck_text_eq(run(one, {"a", "b", "c"}), "S WHERE x = $1 AND y = $2 | c b | 3 2");
  ck_text_eq(run(one, {"a", nullptr, nullptr}), "S WHERE x = $1 | a | 1");
  ck_text_eq(run(one, {nullptr, "b", nullptr}), "S WHERE none AND y = $1 | b | 2");
  ck_text_eq(run(program({text("S"), where({choose({0}, {})})}, {1}), {nullptr}), "S | |");
}
END_TEST

START_TEST(where_cuts_whole_words_at_the_front_only) {
  ck_text_eq(sql({text("S"), where({text("  and a = 1 AND ")}), text("T")}), "S WHERE a = 1 AND T");
  ck_text_eq(sql({text("S "), where({text("Or(a)")})}), "S WHERE (a)");
  ck_text_eq(sql({text("S\n"), where({text("order_id = 1")}), text("\nT")}), "S\nWHERE order_id = 1\nT");
  ck_text_eq(sql({text("S"), where({text("android")})}), "S WHERE android");
  ck_text_eq(sql({text("S"), where({text("and$x")})}), "S WHERE and$x");
  ck_text_eq(sql({text("S"), where({text("and\xC3\xA9")})}), "S WHERE and\xC3\xA9");
  ck_text_eq(sql({text("S"), where({text("AND or x")})}), "S WHERE or x");
  ck_text_eq(sql({text("S"), where({text(" AND ")}), text("T")}), "ST");
  ck_text_eq(sql({text("S"), where({text(" \t\n ")})}), "S");
  ck_text_eq(sql({text("S"), where({})}), "S");
}
END_TEST

START_TEST(trim_cuts_at_both_ends_and_puts_its_words_around) {
  ck_text_eq(sql({text("S"), trim({text("and a, ")}, "(", {"AND", "OR"}, ")", {","}), text("T")}),
             "S ( a ) T");
  ck_text_eq(sql({text("S"), trim({text("a,,")}, "", {}, "", {","})}), "S a,");
  ck_text_eq(sql({text("S"), trim({text("a band")}, "", {}, "", {"and"})}), "S a band");
  ck_text_eq(sql({text("S"), trim({text("a AND")}, "", {}, "", {"and"})}), "S a");
  ck_text_eq(sql({text("S"), trim({text("a")}, "", {"a"}, "x")}), "S");
  ck_text_eq(sql({text("S"), trim({where({text("or a")}), text("b")}, "(", {}, ")")}), "S ( WHERE a b )");
  const Program numbered = program({trim({value(0), text(" + "), value(1)}, "", {"1"}, "", {"2"})}, {1, 2});
  ck_text_eq(run(numbered, {"a", "b"}), "$1 + $2 | a b | 1 2");
}
END_TEST

// Walks with every combination of presence.
START_TEST(different_statements_have_different_paths_and_equal_ones_the_same) {
  const Program one = program(
      {text("S"), where({when(0, {text(" AND a = "), value(0), when(1, {text(" AND b = "), value(1)})}),
                         choose({2, 3}, {text(" AND none")}), when(1, {text(" AND c = "), value(1)})})},
      {1, 2, 3, 4});
  std::set<std::string> statements;
  std::set<uint64_t> paths;
  for (unsigned mask = 0; mask < 16; ++mask) {
    std::vector<const char*> values;
    for (unsigned i = 0; i < 4; ++i) values.push_back((mask >> i & 1U) != 0 ? "v" : nullptr);
    BlockArena arena;
    Walk walk;
    ck_assert(!one.walk({values.data()}, arena, walk));
    ck_assert(walk.path.more.empty());
    const Statement made = one.statement(walk.path);
    std::string statement = made.sql;
    for (const uint32_t type : made.types) statement += " " + std::to_string(type);
    const bool new_statement = statements.insert(statement).second;
    const bool new_path = paths.insert(walk.path.bits).second;
    ck_assert_msg(new_statement == new_path, "%u: %s", mask, statement.c_str());
  }
  ck_assert_uint_eq(paths.size(), 12);
}
END_TEST

START_TEST(paths_of_more_than_64_decisions_are_exact_too) {
  constexpr size_t kMany = 200;
  const Program many = wizard(kMany);
  ck_assert_uint_eq(many.decisions(), kMany);
  BlockArena arena;
  std::vector<Walk> walks;
  for (size_t present = 0; present <= kMany; ++present) {  // the last one: none
    std::vector<const char*> values(kMany, nullptr);
    if (present < kMany) values[present] = "v";
    Walk walk;
    ck_assert(!many.walk({values.data()}, arena, walk));
    ck_assert_int_eq(walk.count, present < kMany ? 1 : 0);
    ck_assert_uint_eq(walk.path.more.size(), (kMany - 64 + 7) / 8);
    const Statement statement = many.statement(walk.path);
    ck_text_eq(statement.sql, present == kMany ? R"(SELECT a FROM "mirror"."t" LIMIT 10)"
                                               : R"(SELECT a FROM "mirror"."t" WHERE p)" +
                                                     std::to_string(present) + " = $1 LIMIT 10");
    for (const Walk& before : walks) ck_assert(before.path != walk.path);
    walks.push_back(walk);
  }
  std::vector<const char*> all(kMany, "v");
  Walk walk;
  ck_assert(!many.walk({all.data()}, arena, walk));
  ck_assert_int_eq(walk.count, kMany);
  ck_assert_uint_eq(many.statement(walk.path).types.size(), kMany);
  const Walk first = walk;
  ck_assert(!many.walk({all.data()}, arena, walk));
  ck_assert_msg(first.path == walk.path && first.path.more.data() != walk.path.more.data(),
                "compared by their bytes");
}
END_TEST

START_TEST(a_path_that_is_cut_reads_nothing_beyond_its_end) {
  const Program many = wizard(100);
  ck_text_eq(many.statement({0, std::string_view("\x01", 1)}).sql,
             R"(SELECT a FROM "mirror"."t" WHERE p64 = $1 LIMIT 10)");
  ck_text_eq(many.statement({UINT64_MAX, {}}).sql.substr(0, 44),
             R"(SELECT a FROM "mirror"."t" WHERE p0 = $1 AND)");
}
END_TEST

START_TEST(a_walk_without_memory_fails) {
  const Program many = wizard(65);
  const std::vector<const char*> values(65, "v");
  for (int left = 0; left < 2; ++left) {
    testing::ScarceArena arena(left);
    Walk walk;
    ck_assert(many.walk({values.data()}, arena, walk).slug == Slug::internal_error);
  }
  testing::ScarceArena enough(2);
  Walk walk;
  ck_assert(!many.walk({values.data()}, enough, walk));
}
END_TEST

START_TEST(an_empty_program_makes_nothing) {
  const Program none;
  BlockArena arena;
  Walk walk;
  ck_assert(!none.walk({}, arena, walk));
  ck_assert(walk.count == 0 && none.statement(walk.path).sql.empty());
}
END_TEST

START_TEST(a_list_is_one_array_and_must_be_present) {
  const Program one = program({text("a = ANY("), list(1), text(") AND b = "), value(0)}, {20, kTextList});
  ck_text_eq(run(one, {"7", "{x,y}"}), "a = ANY($1) AND b = $2 | {x,y} 7 | 1009 20");
  ck_text_eq(run(one, {"7", nullptr}), "is required by the other parameters of this call");
  ck_text_eq(run(program({when(0, {text("a = ANY("), list(0), text(")")})}, {kInt8List}), {nullptr}), " | |");
}
END_TEST

START_TEST(a_foreach_writes_its_content_once_an_item) {
  const Program one = program({text("a IN "), each(0, {item()}, "(", ", ", ")"), text(" z")}, {kInt8List});
  ck_text_eq(run_lists(one, {{"7"}}), "a IN ($1) z | 7 | 20");
  ck_text_eq(run_lists(one, {{"7", "8", "7"}}), "a IN ($1, $2, $3) z | 7 8 7 | 20 20 20");
  ck_text_eq(run_lists(one, {{}}), "a IN  z | |");
  ck_text_eq(run(one, {nullptr}), "is required by the other parameters of this call");
}
END_TEST

START_TEST(a_padded_foreach_repeats_its_last_item_up_to_a_power_of_two) {
  const Program one = program({each(0, {item()}, "(", ",", ")", true)}, {kInt8List});
  ck_text_eq(run_lists(one, {{}}), " | |");
  ck_text_eq(run_lists(one, {{"1"}}), "($1) | 1 | 20");
  ck_text_eq(run_lists(one, {{"1", "2"}}), "($1,$2) | 1 2 | 20 20");
  ck_text_eq(run_lists(one, {{"1", "2", "3"}}), "($1,$2,$3,$4) | 1 2 3 3 | 20 20 20 20");
  std::set<std::string> statements;
  for (size_t size = 0; size <= 1000; ++size) {
    const std::vector<const char*> items(size, "1");
    const BoundItems bound{items.data(), size};
    BlockArena arena;
    Walk walk;
    const char* const array = "{...}";
    ck_assert(!one.walk({&array, &bound}, arena, walk));
    statements.insert(one.statement(walk.path).sql);
  }
  ck_assert_uint_eq(statements.size(), 12);  // 0, 1, 2, 4, ... 1,024 items
}
END_TEST

START_TEST(separators_stand_between_items_that_wrote_something) {
  const Program blank = program({each(0, {when(1, {text("x"), item()})}, "(", ",", ")")}, {kInt8List, 25});
  const std::vector<const char*> two = {"1", "2"};
  const BoundItems items[] = {{two.data(), 2}, {}};
  const char* const values[] = {"{}", nullptr};
  ck_text_eq(run_bound(blank, {values, items}), "() | |");
  // An inner list that is empty writes nothing, here for every item of the outer one.
  const Program nested = program(
      {each(0, {each(1, {item(1), text("-"), item()}, "", "+", "")}, "[", ";", "]")}, {kInt8List, kTextList});
  ck_text_eq(run_lists(nested, {{"1", "2"}, {}}), "[] | |");
  ck_text_eq(run_lists(nested, {{"1", "2"}, {"a", "b"}}),
             "[$1-$2+$3-$4;$5-$6+$7-$8] | 1 a 1 b 2 a 2 b | 20 25 20 25 20 25 20 25");
  const Program trimmed = program({each(0, {where({text("and "), item()})}, "", ",", "")}, {kInt8List});
  ck_text_eq(run_lists(trimmed, {{"1", "2"}}), "WHERE $1, WHERE $2 | 1 2 | 20 20");
}
END_TEST

START_TEST(lists_of_different_lengths_and_their_decisions_have_different_paths) {
  const Program one = program({each(0, {item(), when(1, {text("!")})}, "(", ",", ")"), when(1, {text(" x")})},
                              {kInt8List, 25});
  BlockArena arena;
  std::vector<Walk> walks;
  for (size_t size = 0; size <= 200; ++size) {
    const std::vector<const char*> items(size, "1");
    for (const char* flag : {static_cast<const char*>(nullptr), "f"}) {
      const char* const values[] = {"{}", flag};
      const BoundItems bound[] = {{items.data(), size}, {}};
      Walk walk;
      ck_assert(!one.walk({values, bound}, arena, walk));
      ck_assert_int_eq(walk.count, static_cast<int>(size));
      ck_assert_uint_eq(one.statement(walk.path).types.size(), size);
      for (const Walk& before : walks) ck_assert(before.path != walk.path);
      walks.push_back(walk);
    }
  }
}
END_TEST

START_TEST(lists_that_make_too_much_together_are_rejected_before_it_is_made) {
  const std::string too_long = "the lists of this call are too long to be taken together";
  const std::vector<const char*> thousand(1000, "1");
  const auto squared = [&](Nodes content) {
    return run_lists(
        program({each(0, {each(1, std::move(content), "", ",", "")}, "", ",", "")}, {kInt8List, kInt8List}),
        {thousand, thousand});
  };
  ck_text_eq(squared({item()}), too_long);       // values
  ck_text_eq(squared({text("1")}), too_long);    // rounds
  ck_text_eq(squared({when(0, {})}), too_long);  // decisions
  const std::string large(2000, 'x');
  ck_text_eq(run_lists(program({each(0, {text(large.c_str())}, "", "", "")}, {kInt8List}), {thousand}),
             too_long);
  const std::vector<const char*> most(kMaxWork, "1");
  ck_assert(run_lists(program({each(0, {item()}, "", ",", "")}, {kInt8List}), {most}) != too_long);
  const std::vector<const char*> many(kMaxWork + 1, "1");
  ck_text_eq(run_lists(program({each(0, {item()}, "", ",", "")}, {kInt8List}), {many}), too_long);
  ck_text_eq(run_lists(program({each(0, {item()}, "", ",", "", true)}, {kInt8List}), {most}), too_long);
}
END_TEST

// A caller sends a value once, and a statement may have it many times.
START_TEST(long_values_are_not_bound_again_and_again) {
  const std::string too_large = "the values of this call are too long: its statement has them many times";
  const std::string large(1000000, 'x'), half(kMaxValueBytes / 8, 'x');
  const std::vector<const char*> eight(8, half.c_str()), nine(9, half.c_str());
  const Program items = program({each(0, {item()}, "", ",", "")}, {kInt8List});
  ck_assert(run_lists(items, {eight}) != too_large);
  ck_text_eq(run_lists(items, {nine}), too_large);
  const auto bound = [&](size_t uses) {
    const Program one = program(Nodes(uses, value(0)), {kInt8});
    const char* const values[] = {large.c_str()};
    BlockArena arena;
    Walk walk;
    return std::string(one.walk({values, nullptr}, arena, walk).detail);
  };
  ck_text_eq(bound(kMaxUses), "");
  ck_text_eq(bound(kMaxUses + 1), too_large);
}
END_TEST

START_TEST(lists_and_items_are_checked) {
  ck_text_eq(refusal({value(0)}, {kInt8List}), "/0/value: is a list parameter");
  ck_text_eq(refusal({list(0)}, {kInt8}), "/0/list: is no list parameter");
  ck_text_eq(refusal({list(1)}, {kInt8List}), "/0/list: is no parameter of the API");
  ck_text_eq(refusal({item()}, {kInt8List}), "/0/item: is in no foreach of that level");
  ck_text_eq(refusal({each(0, {item(1)}, "", "", "")}, {kInt8List}),
             "/0/foreach/0/item: is in no foreach of that level");
  ck_text_eq(refusal({each(0, {}, "", "", ""), item()}, {kInt8List}),
             "/1/item: is in no foreach of that level");
  ck_text_eq(refusal({each(0, {item()}, "", "", "")}, {kInt8}), "/0/parameter: is no list parameter");
  Nodes deep{item()};
  for (size_t depth = 0; depth < kMaxLoops; ++depth) deep = {each(0, deep, "", "", "")};
  ck_text_eq(refusal(deep, {kInt8List}), "accepted");
  ck_assert(refusal({each(0, deep, "", "", "")}, {kInt8List}).find("is nested too deeply") !=
            std::string::npos);
}
END_TEST

START_TEST(faults_are_named_by_their_place) {
  ck_text_eq(refusal({text("a")}, {kInt8, 0}), "has a parameter without a type");
  ck_text_eq(refusal({text("a"), value(1)}, {kInt8}), "/1/value: is no parameter of the API");
  ck_text_eq(refusal({where({when(0, {text("")})})}, {kInt8}), "/0/where/0/then/0: must not be empty");
  ck_text_eq(refusal({choose({0, 5}, {})}, {kInt8}), "/0/choose/1/when/present: is no parameter of the API");
  ck_text_eq(refusal({trim({}, "", {" AND"})}, {}),
             "/0/prefix_overrides/0: must be a word without $ and without spaces around it");
  Nodes deep{text("x")};
  for (size_t depth = 0; depth < kMaxNodeDepth; ++depth) deep = {where(deep)};
  ck_text_eq(refusal(deep, {}), "accepted");
  ck_assert(refusal({where(deep)}, {}).find("is nested too deeply") != std::string::npos);
  ck_text_eq(refusal(Nodes(kMaxNodes, text("x")), {}), "accepted");
  ck_text_eq(refusal(Nodes(kMaxNodes + 1, text("x")), {}), "/32767: is one node too many");
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

TABLEGATE_SUITE("core_plan", text_tables_and_values_stand_as_they_are,
                a_parameter_may_be_bound_several_times_in_any_order_or_not_at_all,
                an_absent_parameter_outside_of_a_condition_is_null,
                without_decisions_the_values_of_the_request_are_used_as_they_are,
                absent_optional_parameters_leave_no_trace_and_placeholders_are_numbered_anew,
                conditions_may_be_nested_and_empty, the_first_true_branch_of_a_choose_is_taken,
                where_cuts_whole_words_at_the_front_only, trim_cuts_at_both_ends_and_puts_its_words_around,
                different_statements_have_different_paths_and_equal_ones_the_same,
                paths_of_more_than_64_decisions_are_exact_too,
                a_path_that_is_cut_reads_nothing_beyond_its_end, a_walk_without_memory_fails,
                a_list_is_one_array_and_must_be_present, a_foreach_writes_its_content_once_an_item,
                a_padded_foreach_repeats_its_last_item_up_to_a_power_of_two,
                separators_stand_between_items_that_wrote_something,
                lists_of_different_lengths_and_their_decisions_have_different_paths,
                lists_that_make_too_much_together_are_rejected_before_it_is_made,
                long_values_are_not_bound_again_and_again, lists_and_items_are_checked,
                an_empty_program_makes_nothing, faults_are_named_by_their_place,
                identifiers_are_quoted_and_their_quotes_doubled);
