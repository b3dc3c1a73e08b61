// core/plan: the expressions of scripts' tests, as trees. What each is for given values, what a walk makes of
// them, and that they are bounded.
#include "core/plan/expression.hpp"

#include <algorithm>
#include <set>

#include "core/plan/evaluation.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

using E = Expression;
using Kind = Expression::Kind;

E null() {
  return {};
}
E boolean(bool truth) {
  return {Kind::boolean, truth ? 1U : 0U, {}, {}};
}
E number(const char* text) {
  return {Kind::number, 0, text, {}};
}
E text(std::string value) {
  return {Kind::text, 0, std::move(value), {}};
}
E p(uint32_t place) {
  return {Kind::parameter, place, {}, {}};
}
E op(Kind kind, std::vector<E> operands) {
  return {kind, 0, {}, std::move(operands)};
}
E eq(E a, E b) {
  return op(Kind::equal, {std::move(a), std::move(b)});
}
E ne(E a, E b) {
  return op(Kind::not_equal, {std::move(a), std::move(b)});
}
E call(Method method, std::vector<E> operands) {
  return {Kind::call, static_cast<uint32_t>(method), {}, std::move(operands)};
}

constexpr PlaceholderType kLong{20};
constexpr PlaceholderType kDecimal{1700};
constexpr PlaceholderType kDouble{701};
constexpr PlaceholderType kBoolean{16};
constexpr PlaceholderType kString{25};
constexpr PlaceholderType kStrings{1009, 25};
constexpr PlaceholderType kLongs{1016, 20};

Node if_node(E test, const char* sql) {
  Condition condition;
  condition.test = std::move(test);
  return {IfNode{std::move(condition), {{TextNode{sql}}}}};
}

Program program(Nodes nodes, std::vector<PlaceholderType> types, std::vector<std::string> names = {}) {
  Result<Program> built = Program::build(std::move(nodes), std::move(types), std::move(names));
  ck_assert_msg(static_cast<bool>(built), "%s", built ? "" : built.error().text().c_str());
  return std::move(*built);
}

struct Given {
  PlaceholderType type;
  const char* value = nullptr;
  std::vector<const char*> list = {};
};

// "true", "false", or what the walk was rejected with.
std::string outcome(const E& test, const std::vector<Given>& given) {
  std::vector<PlaceholderType> types;
  std::vector<const char*> values;
  std::vector<BoundItems> items;
  for (const Given& one : given) {
    types.push_back(one.type);
    values.push_back(one.value);
    items.push_back({one.list.data(), one.list.size()});
  }
  const Program built = program({if_node(test, "x")}, types);
  BlockArena arena;
  Walk walk;
  if (const Problem problem = built.walk({values.data(), items.data()}, arena, walk))
    return std::string(problem.detail);
  return built.statement(walk.path).sql == "x" ? "true" : "false";
}

bool is(const E& test, const std::vector<Given>& given = {}) {
  const std::string out = outcome(test, given);
  ck_assert_msg(out == "true" || out == "false", "%s", out.c_str());
  return out == "true";
}

START_TEST(the_truth_of_a_value) {
  ck_assert(!is(null()));
  ck_assert(is(boolean(true)) && !is(boolean(false)));
  ck_assert(!is(number("0")) && !is(number("-0.00")) && is(number("-0.01")));
  ck_assert(is(text("")) && is(text("false")));
  ck_assert(!is(p(0), {{kString}}) && is(p(0), {{kString, ""}}));
  ck_assert(!is(p(0), {{kLong, "0"}}) && !is(p(0), {{kLong, "-000"}}) && is(p(0), {{kLong, "7"}}));
  ck_assert(is(p(0), {{kDouble, "1e-300"}}) && !is(p(0), {{kDouble, "0e5"}}));
  ck_assert(is(p(0), {{kBoolean, "1"}}) && is(p(0), {{kBoolean, "true"}}));
  ck_assert(!is(p(0), {{kBoolean, "0"}}) && !is(p(0), {{kBoolean, "false"}}));
  ck_assert(!is(p(0), {{kStrings}}) && !is(p(0), {{kStrings, "{}"}}));
  ck_assert(is(p(0), {{kStrings, "{a}", {"a"}}}));
}
END_TEST

START_TEST(equality_is_typed_and_null_safe) {
  ck_assert(is(eq(null(), null())) && !is(eq(null(), text(""))) && !is(eq(null(), number("0"))));
  ck_assert(is(eq(p(0), null()), {{kString}}) && !is(eq(p(0), null()), {{kString, ""}}));
  ck_assert(is(ne(p(0), null()), {{kLong, "0"}}));
  // age != null and age != '' keeps age = 0
  ck_assert(is(op(Kind::logical_and, {ne(p(0), null()), ne(p(0), text(""))}), {{kLong, "0"}}));
  ck_assert(is(eq(text("a"), text("a"))) && !is(eq(text("a"), text("A"))) && !is(eq(text("a"), text("ab"))));
  ck_assert(is(eq(p(0), text("a")), {{kString, "a"}}) && !is(eq(p(0), text("a")), {{kString, "ab"}}));
  ck_assert(!is(eq(p(0), text("ab")), {{kString, "a"}}) &&
            is(eq(p(0), p(1)), {{kString, "x"}, {kString, "x"}}));
  // A text in plain decimal notation by value, any other one is unequal.
  for (const char* same : {"5", "05", "5.0", "5.", "005.000"})
    ck_assert_msg(is(eq(p(0), number("5")), {{kString, same}}), "%s", same);
  for (const char* other : {"", " 5", "+5", "5e0", "5a", "-5", "0x5", "."})
    ck_assert_msg(!is(eq(p(0), number("5")), {{kString, other}}), "%s", other);
  ck_assert(is(eq(p(0), text("1.50")), {{kDecimal, "1.5"}}));
  ck_assert(!is(eq(text("5"), text("5.0"))));
  ck_assert(is(eq(p(0), boolean(true)), {{kBoolean, "1"}}) &&
            is(eq(p(0), number("1")), {{kBoolean, "true"}}));
  ck_assert(is(eq(p(0), text("false")), {{kBoolean, "0"}}) &&
            !is(eq(p(0), text("False")), {{kBoolean, "0"}}));
  ck_assert(is(eq(p(0), p(1)), {{kLongs, "{}", {"1", "02"}}, {kLongs, "{}", {"1", "2"}}}));
  ck_assert(!is(eq(p(0), p(1)), {{kLongs, "{}", {"1"}}, {kLongs, "{}", {"1", "2"}}}));
  ck_assert(!is(eq(p(0), text("a")), {{kStrings, "{}", {"a"}}}));
}
END_TEST

START_TEST(numbers_are_exact_and_of_any_size) {
  const auto same = [](Kind kind, const char* a, const char* b, const char* result) {
    ck_assert_msg(is(eq(op(kind, {number(a), number(b)}), number(result))), "%s %s", a, b);
  };
  same(Kind::add, "0.1", "0.2", "0.3");
  same(Kind::add, "99999999999999999999999999999999", "1", "100000000000000000000000000000000");
  same(Kind::add, "-5", "5.0", "0");
  same(Kind::add, "-7", "2", "-5");
  same(Kind::add, "1000", "-0.001", "999.999");
  same(Kind::subtract, "1", "1000", "-999");
  same(Kind::subtract, "0", "3", "-3");
  same(Kind::multiply, "1.5", "-2", "-3");
  same(Kind::multiply, "12345678901234567890", "98765432109876543210",
       "1219326311370217952237463801111263526900");
  same(Kind::multiply, "0", "-7", "0");
  same(Kind::divide, "7", "2", "3");
  same(Kind::divide, "-7", "2", "-3");
  same(Kind::divide, "7.0", "2", "3.5");
  same(Kind::divide, "1.0", "3", "0.33333333333333333333");
  same(Kind::divide, "2.0", "3", "0.66666666666666666667");
  same(Kind::divide, "1", "10", "0");
  same(Kind::divide, "1000000000000000000000.0", "0.001", "1000000000000000000000000");
  same(Kind::divide, "0", "5", "0");
  same(Kind::remainder, "7", "3", "1");
  same(Kind::remainder, "-7", "3", "-1");
  same(Kind::remainder, "7.5", "2", "1.5");
  same(Kind::remainder, "6", "3", "0");
  ck_assert(is(eq(op(Kind::divide, {number("1"), number("0")}), null())));
  ck_assert(is(eq(op(Kind::remainder, {number("1"), number("0.0")}), null())));
  ck_assert(is(eq(op(Kind::divide, {p(0), number("2")}), number("3.5")), {{kDecimal, "7"}}));
  ck_assert(is(eq(op(Kind::divide, {p(0), number("2")}), number("3")), {{kLong, "7"}}));
  ck_assert(is(eq(op(Kind::multiply, {p(0), number("2")}), number("14")), {{kString, "7"}}));
  ck_assert(is(eq(op(Kind::multiply, {p(0), number("2")}), null()), {{kString, "x"}}));
  ck_assert(is(eq(op(Kind::add, {p(0), number("2")}), null()), {{kLong}}));
  ck_assert(is(eq(op(Kind::negate, {p(0)}), number("-.5")), {{kDouble, "5E-1"}}));
  ck_assert(is(eq(op(Kind::negate, {text("x")}), null())));
  ck_assert(is(eq(p(0), number("9223372036854775807")), {{kLong, "9223372036854775807"}}));
  ck_assert(!is(eq(p(0), number("9223372036854775808")), {{kLong, "9223372036854775807"}}));
}
END_TEST

START_TEST(ordering_is_by_value_and_never_true_of_what_has_no_order) {
  const auto less = [](const E& a, const E& b, const std::vector<Given>& given = {}) {
    const bool out = is(op(Kind::less, {a, b}), given);
    ck_assert(is(op(Kind::greater, {b, a}), given) == out);
    if (out)
      ck_assert(is(op(Kind::less_or_equal, {a, b}), given) && !is(op(Kind::greater_or_equal, {a, b}), given));
    return out;
  };
  ck_assert(less(number("9"), number("10")) && less(number("-10"), number("-9")) &&
            less(number("-1"), number("0")));
  ck_assert(less(number("0"), number("0.001")) && less(number("1.05"), number("1.5")));
  ck_assert(less(number("99.9"), number("100")) && !less(number("2"), number("2.0")));
  ck_assert(less(p(0), number("10"), {{kString, "9.5"}}) && !less(p(0), number("10"), {{kString, "x"}}));
  ck_assert(!is(op(Kind::greater_or_equal, {p(0), number("10")}), {{kString, "x"}}));
  ck_assert(less(text("10"), text("9")) && less(text("a"), text("ab")) && less(text("z"), text("\xC3\xA9")));
  for (const Kind kind : {Kind::less, Kind::less_or_equal, Kind::greater, Kind::greater_or_equal}) {
    ck_assert(!is(op(kind, {null(), null()})) && !is(op(kind, {p(0), number("0")}), {{kLong}}));
    ck_assert(!is(op(kind, {boolean(true), text("a")})));
    ck_assert(!is(op(kind, {p(0), number("0")}), {{kLongs, "{}", {"1"}}}));
  }
  ck_assert(less(boolean(false), boolean(true)) &&
            less(p(0), p(1), {{kString, "2025-01-31"}, {1082, "2025-02-01"}}));
  ck_assert(is(op(Kind::less_or_equal, {number("2"), number("2.0")})));
}
END_TEST

START_TEST(logic_stops_where_the_outcome_is_known) {
  const E yes = boolean(true);
  const E no = null();
  ck_assert(is(op(Kind::logical_not, {no})) && !is(op(Kind::logical_not, {text("")})));
  ck_assert(is(op(Kind::logical_and, {yes, yes, yes})) && !is(op(Kind::logical_and, {yes, no, yes})));
  ck_assert(is(op(Kind::logical_or, {no, no, yes})) && !is(op(Kind::logical_or, {no, no})));
  // What is not evaluated takes no steps.
  E costly = number("1");
  for (int i = 0; i < 20; ++i) costly = op(Kind::multiply, {costly, number(std::string(4000, '9').c_str())});
  ck_text_eq(outcome(costly, {}), "the conditions of this call take too many steps");
  ck_assert(is(op(Kind::logical_or, {yes, costly})) && !is(op(Kind::logical_and, {no, costly})));
}
END_TEST

START_TEST(in_and_places_of_lists) {
  ck_assert(is(op(Kind::in, {p(0), text("a"), text("b")}), {{kString, "b"}}));
  ck_assert(!is(op(Kind::in, {p(0), text("a"), text("b")}), {{kString, "c"}}));
  ck_assert(is(op(Kind::not_in, {p(0), number("1"), number("2")}), {{kLong}}));
  ck_assert(is(op(Kind::in, {p(0), null(), number("2")}), {{kLong}}));
  ck_assert(is(op(Kind::in, {p(0), number("2")}), {{kLong, "2"}}));
  ck_assert(is(op(Kind::in, {number("2"), p(0)}), {{kLongs, "{}", {"1", "2"}}}));
  ck_assert(!is(op(Kind::in, {number("3"), p(0)}), {{kLongs, "{}", {"1", "2"}}}));
  ck_assert(!is(op(Kind::in, {null(), p(0)}), {{kLongs}}));
  const std::vector<Given> two = {{kStrings, "{}", {"a", "b"}}, {kLong, "1"}};
  const auto at = [](E place) { return op(Kind::at, {p(0), std::move(place)}); };
  ck_assert(is(eq(at(number("0")), text("a")), two) && is(eq(at(p(1)), text("b")), two));
  for (const E& none :
       {number("2"), number("-1"), number("0.5"), null(), text("x"), number("99999999999999999999")})
    ck_assert(is(eq(at(none), null()), two));
  ck_assert(is(eq(at(number("10")), null()), two) && is(eq(at(number("0")), null()), {{kStrings}}));
  ck_assert(is(eq(op(Kind::at, {text("ab"), number("0")}), null())));
}
END_TEST

START_TEST(methods) {
  const auto of = [](Method method, E subject) { return call(method, {std::move(subject)}); };
  const auto with = [](Method method, E subject, E argument) {
    return call(method, {std::move(subject), std::move(argument)});
  };
  ck_assert(is(eq(of(Method::length, text("h\xC3\xA9\xE4\xB8\xAD")), number("3"))));
  ck_assert(is(eq(of(Method::size, text("")), number("0"))) && is(of(Method::is_empty, text(""))));
  ck_assert(!is(of(Method::is_empty, text(" "))) && is(eq(of(Method::trim, text(" \t a b\n")), text("a b"))));
  ck_assert(is(eq(of(Method::to_string, number("-012.50")), text("-12.5"))));
  ck_assert(is(eq(of(Method::to_string, p(0)), text("0.05")), {{kDouble, "5e-2"}}));
  ck_assert(is(eq(of(Method::to_string, p(0)), text("1200")), {{kDouble, "12e2"}}));
  ck_assert(is(eq(of(Method::to_string, p(0)), text("[1, 2]")), {{kLongs, "{}", {"1", "02"}}}));
  ck_assert(is(eq(of(Method::to_string, boolean(true)), text("true"))));
  ck_assert(is(eq(of(Method::to_upper_case, text("a\xC3\xA9z")), text("A\xC3\xA9Z"))));
  ck_assert(is(eq(of(Method::to_lower_case, text("AZ[")), text("az["))));
  ck_assert(is(with(Method::equals, text("a"), text("a"))) && !is(with(Method::equals, text("a"), null())));
  ck_assert(is(with(Method::equals_ignore_case, text("aB"), text("Ab"))));
  ck_assert(is(with(Method::contains, text("abc"), text("bc"))) &&
            is(with(Method::contains, text("a"), text(""))));
  ck_assert(!is(with(Method::contains, text("abc"), text("ac"))) &&
            !is(with(Method::contains, text("a"), null())));
  ck_assert(is(with(Method::starts_with, text("abc"), text("ab"))) &&
            is(with(Method::ends_with, text("abc"), text("bc"))));
  ck_assert(!is(with(Method::starts_with, text("a"), text("ab"))) &&
            !is(with(Method::ends_with, text("b"), text("ab"))));
  ck_assert(is(eq(with(Method::index_of, text("\xC3\xA9xy"), text("y")), number("2"))));
  ck_assert(is(eq(with(Method::index_of, text("x"), text("y")), number("-1"))));
  ck_assert(is(eq(of(Method::length, p(0)), number("3")), {{kLong, "0123"}}));
  const std::vector<Given> list = {{kLongs, "{}", {"4", "5"}}};
  ck_assert(is(eq(of(Method::size, p(0)), number("2")), list) && !is(of(Method::is_empty, p(0)), list));
  ck_assert(is(with(Method::contains, p(0), text("5")), list) &&
            !is(with(Method::contains, p(0), number("6")), list));
  ck_assert(is(eq(with(Method::index_of, p(0), number("5")), number("1")), list));
  for (uint32_t method = 0; method <= static_cast<uint32_t>(Method::to_upper_case); ++method) {
    std::vector<E> operands{null()};
    if (method_arguments(static_cast<Method>(method)) > 0) operands.push_back(text("a"));
    ck_assert(is(eq(call(static_cast<Method>(method), operands), null())));
  }
}
END_TEST

START_TEST(a_text_is_joined_with_anything) {
  const auto joined = [](E a, E b) { return op(Kind::add, {std::move(a), std::move(b)}); };
  ck_assert(is(eq(joined(text("a"), text("b")), text("ab"))) &&
            is(eq(joined(text("a"), number("1.50")), text("a1.5"))));
  ck_assert(is(eq(joined(number("1"), text("2")), text("12"))) &&
            is(eq(joined(text("a"), null()), text("anull"))));
  ck_assert(is(eq(joined(text("a"), boolean(true)), text("atrue"))));
  ck_assert(is(eq(joined(p(0), p(1)), text("xy")), {{kString, "x"}, {kString, "y"}}));
  ck_assert(is(eq(joined(null(), null()), null())));
}
END_TEST

START_TEST(steps_are_bounded_over_all_expressions_of_a_walk) {
  const char* const too_many = "the conditions of this call take too many steps";
  // `name != ''` of a long text looks at no more of it than it needs.
  std::string large;
  large.resize(10000000, 'x');
  ck_assert(is(ne(p(0), text("")), {{kString, large.c_str()}}));
  ck_assert(!is(eq(p(0), text("xxx")), {{kString, large.c_str()}}));
  ck_text_eq(outcome(eq(call(Method::length, {p(0)}), number("1")), {{kString, large.c_str()}}), too_many);
  ck_text_eq(outcome(eq(p(0), p(1)), {{kString, large.c_str()}, {kString, large.c_str()}}), too_many);
  ck_text_eq(outcome(op(Kind::greater, {p(0), number("1")}), {{kString, large.c_str()}}), too_many);
  // 4 steps a test: 2,500 tests fit, and a loop evaluates them once, though it is walked twice.
  const auto tests = [&](size_t count) {
    const std::vector<const char*> items(count, "1");
    const BoundItems bound{items.data(), count};
    Condition condition;
    condition.test = op(Kind::logical_not, {op(Kind::logical_not, {op(Kind::logical_not, {p(0)})})});
    const Program looped =
        program({{ForeachNode{0, {{IfNode{condition, {{TextNode{"x"}}}}}}, "", "", "", false}}}, {kLongs});
    const char* const value = "{}";
    BlockArena arena;
    Walk walk;
    return std::string(looped.walk({&value, &bound}, arena, walk).detail);
  };
  ck_text_eq(tests(2500), "");
  ck_text_eq(tests(2501), too_many);
  // A step is about the work of an operator, whatever it does.
  const std::string digits(500, '9'), more(120000, '9');
  const auto multiplied = [&](size_t count) {
    return outcome(op(Kind::multiply, {p(0), p(0)}), {{kDecimal, digits.substr(0, count).c_str()}});
  };
  ck_text_eq(multiplied(300), "true");
  ck_text_eq(multiplied(500), too_many);
  ck_text_eq(outcome(op(Kind::add, {p(0), p(0)}), {{kDecimal, more.c_str()}}), too_many);
  ck_text_eq(outcome(call(Method::contains, {p(0), text("98")}), {{kString, more.c_str()}}), too_many);
  // Far exponents are not written out.
  E far = p(0);
  for (int i = 0; i < 11; ++i) far = op(Kind::multiply, {far, far});
  ck_text_eq(outcome(op(Kind::add, {far, number("1")}), {{kDouble, "1e300"}}), too_many);
}
END_TEST

START_TEST(a_walk_without_memory_for_an_expression_fails) {
  const Program built = program({if_node(eq(op(Kind::add, {text("a"), text("b")}), text("ab")), "x")}, {});
  testing::ScarceArena arena(0);
  Walk walk;
  ck_assert(built.walk({}, arena, walk).slug == Slug::internal_error);
}
END_TEST

START_TEST(items_and_indexes_of_loops) {
  const auto in_loop = [](E test) {
    Condition condition;
    condition.test = std::move(test);
    return Nodes{{ForeachNode{
        0, {{IfNode{condition, {{ItemNode{}}, {TextNode{"/"}}, {IndexNode{}}}}}}, "(", ")", ",", false}}};
  };
  const E item{Kind::item, 0, {}, {}};
  const E index{Kind::index, 0, {}, {}};
  const auto run = [](const Program& built, std::vector<const char*> items) {
    const BoundItems bound{items.data(), items.size()};
    const char* const value = "{}";
    BlockArena arena;
    Walk walk;
    ck_assert(!built.walk({&value, &bound}, arena, walk));
    const Statement statement = built.statement(walk.path);
    ck_assert_uint_eq(statement.types.size(), static_cast<size_t>(walk.count));
    std::string out = statement.sql + " |";
    for (int i = 0; i < walk.count; ++i) out += std::string(" ") + walk.values[i];
    for (const uint32_t type : statement.types) out += " " + std::to_string(type);
    return out;
  };
  ck_text_eq(run(program(in_loop(op(Kind::greater, {item, number("1")})), {kLongs}), {"1", "2", "3"}),
             "($1/$2,$3/$4) | 2 1 3 2 20 20 20 20");
  ck_text_eq(run(program(in_loop(eq(index, number("0"))), {kStrings}), {"a", "b"}), "($1/$2) | a 0 25 20");
  const Nodes place{{ListItemNode{0, 1}}, {TextNode{" "}}, {ListItemNode{0, 0}}};
  ck_text_eq(run(program(place, {kStrings}), {"a", "b"}), "$1 $2 | b a 25 25");
  const Program one = program(place, {kStrings});
  const char* const absent = nullptr;
  BlockArena arena;
  Walk walk;
  ck_assert(!one.walk({&absent}, arena, walk) && walk.values[0] == nullptr && walk.values[1] == nullptr);
}
END_TEST

START_TEST(calls_without_a_statement_are_rejected) {
  const E none = op(Kind::logical_and, {eq(p(0), null()), eq(p(1), null())});
  const auto walked = [&](std::vector<uint32_t> parameters, const char* a) {
    const Program built = program({{TextNode{"x"}}, {RejectNode{none, std::move(parameters)}}},
                                  {kLong, kString}, {"id", "name"});
    const char* const values[] = {a, nullptr};
    BlockArena arena;
    Walk walk;
    const Problem problem = built.walk({values}, arena, walk);
    ck_assert(!problem || problem.slug == Slug::invalid_parameter);
    return std::string(problem.subject) + "|" + std::string(problem.detail);
  };
  ck_text_eq(walked({0, 1}, "1"), "|");
  ck_text_eq(walked({0, 1}, nullptr),
             "|parameters id, name must have other values: this API has no statement for these");
  ck_text_eq(walked({1}, nullptr), "name|must have another value: this API has no statement for this one");
}
END_TEST

START_TEST(expressions_that_make_no_sense_are_rejected) {
  const auto refusal = [](Nodes nodes) {
    const Result<Program> built = Program::build(std::move(nodes), {kLong, kLongs});
    return built ? std::string("accepted") : built.error().text();
  };
  const auto of = [&](E test) { return refusal({if_node(std::move(test), "x")}); };
  ck_text_eq(of(p(2)), "/0/if/test/place: is no parameter of the API");
  ck_text_eq(of(eq(p(0), p(2))), "/0/if/test/of/1/place: is no parameter of the API");
  ck_text_eq(of({Kind::item, 0, {}, {}}), "/0/if/test/place: is in no foreach of that level");
  ck_text_eq(of(op(Kind::equal, {p(0)})), "/0/if/test: has the wrong number of operands");
  ck_text_eq(of(call(Method::contains, {p(0)})), "/0/if/test: has the wrong number of operands");
  ck_text_eq(of({Kind::call, 99, {}, {p(0)}}), "/0/if/test: has the wrong number of operands");
  ck_text_eq(of(number("1e5")), "/0/if/test/value: is no number in plain decimal notation");
  ck_text_eq(of({Kind::boolean, 2, {}, {}}), "/0/if/test: is neither true nor false");
  E deep = p(0);
  for (size_t depth = 1; depth < kMaxExpressionDepth; ++depth) deep = op(Kind::negate, {deep});
  ck_text_eq(of(deep), "accepted");
  ck_assert(of(op(Kind::negate, {deep})).find("is nested too deeply") != std::string::npos);
  const RejectNode reject{boolean(true), {0}};
  ck_text_eq(refusal({{reject}, {reject}}), "accepted");
  ck_text_eq(refusal({{reject}, {TextNode{"x"}}}), "/1: must not come after a node that rejects calls");
  ck_text_eq(refusal({{WhereNode{{{reject}}}}}), "/0/where/0: must be one of the last nodes of the program");
  ck_text_eq(refusal({{RejectNode{boolean(true), {}}}}), "/0/parameters: must not be empty");
  ck_text_eq(refusal({{IndexNode{}}}), "/0/index: is in no foreach of that level");
  ck_text_eq(refusal({{ListItemNode{0, 0}}}), "/0/list_item: is no list parameter");
}
END_TEST

// Each letter of the script "abcdefghij..." that the SQL has is where its mark says it is.
START_TEST(statements_know_where_their_text_is_from) {
  std::string script;
  const auto piece = [&script](const std::string& sql) {
    const auto origin = static_cast<uint32_t>(script.size() + 1);
    script += sql;
    return Node{TextNode{sql, origin}};
  };
  const Nodes nodes{
      piece("select q"),
      {TrimNode{{piece(" and b "), {ValueNode{0}}, piece(" c ,")}, "WHERE", "END", {"and"}, {","}}},
      piece(" d"),
      {ForeachNode{1, {piece(" e "), {ItemNode{}}, piece("f")}, "(", ")", " UNION ", false}},
      {TrimNode{{{TrimNode{{piece(" and or g")}, "X", "", {"and"}, {}}}}, "", "", {"X"}, {}}},
      {TextNode{"nowhere"}}};
  const Program built = program(nodes, {kLong, kLongs});
  std::vector<const char*> items = {"1", "2"};
  const BoundItems bound[] = {{}, {items.data(), 2}};
  const char* const values[] = {"1", "{}"};
  BlockArena arena;
  Walk walk;
  ck_assert(!built.walk({values, bound}, arena, walk));
  std::vector<OriginMark> origins;
  const Statement statement = built.statement(walk.path, nullptr, &origins);
  ck_text_eq(statement.sql, built.statement(walk.path).sql);
  ck_text_eq(statement.sql, "select q WHERE b $1 c END d( e $2f UNION  e $3f) or g nowhere");
  ck_assert(std::is_sorted(origins.begin(), origins.end(),
                           [](const OriginMark& a, const OriginMark& b) { return a.at < b.at; }));
  for (const std::string word : {"select", "q", "b", " c", " d", " e", "f", "or", "g"}) {
    for (size_t at = statement.sql.find(word); at != std::string::npos;
         at = statement.sql.find(word, at + 1)) {
      const size_t origin = origin_at(origins, at);
      if (origin == 0) continue;  // in a word of ours
      ck_assert_msg(
          script.compare(origin - 1, word.size(), word) == 0 || statement.sql.compare(at, 7, "nowhere") == 0,
          "%s at %zu is at %zu", word.c_str(), at, origin);
    }
    ck_assert(origin_at(origins, statement.sql.find(word)) != 0);
  }
  ck_assert_uint_eq(origin_at(origins, statement.sql.find("$1")), script.find(" b ") + 4);
  ck_assert_uint_eq(origin_at(origins, statement.sql.find("nowhere")), 0);
  ck_assert_uint_eq(origin_at({}, 3), 0);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_expression", the_truth_of_a_value, equality_is_typed_and_null_safe,
                numbers_are_exact_and_of_any_size, ordering_is_by_value_and_never_true_of_what_has_no_order,
                logic_stops_where_the_outcome_is_known, in_and_places_of_lists, methods,
                a_text_is_joined_with_anything, steps_are_bounded_over_all_expressions_of_a_walk,
                a_walk_without_memory_for_an_expression_fails, items_and_indexes_of_loops,
                calls_without_a_statement_are_rejected, expressions_that_make_no_sense_are_rejected,
                statements_know_where_their_text_is_from);
