// The expressions of tests in scripts: what is read, what is rejected and where, and what they are for values
// that a call gives (through the walk of a program), each difference from OGNL among them.
#include "script/expression_reader.hpp"

#include <array>

#include "core/arena.hpp"
#include "core/plan/program.hpp"
#include "loader_script_testing.hpp"
#include "loader_testing.hpp"  // last: see there

using namespace tablegate;
using namespace tablegate::loader;
using tablegate::loader::testing::script_parameters;
using tablegate::loader::testing::words;

namespace {

const std::vector<RequestParameter>& parameters() {
  static const std::vector<RequestParameter> all = script_parameters(
      "age:LONG name:STRING ids:LONG_LIST user-id:STRING user.name:STRING ok:BOOLEAN price:DECIMAL");
  return all;
}

core::Expression read(const std::string& text, std::optional<ExpressionFault>& fault) {
  Scope scope(parameters(), false);
  scope.enter("item", "index");
  return read_expression(text, scope, fault);
}

void reads(const std::string& text, const std::string& tree) {
  std::optional<ExpressionFault> fault;
  const core::Expression expression = read(text, fault);
  ck_assert_msg(!fault, "%s: %s", text.c_str(), fault ? fault->text.c_str() : "");
  ck_text_eq(words(expression), tree.c_str());
}

// `mark`: what is in the text where the fault is.
void rejects(const std::string& text, const std::string& mark, const std::string& reason) {
  std::optional<ExpressionFault> fault;
  read(text, fault);
  ck_assert_msg(fault.has_value(), "%s is read", text.c_str());
  ck_assert_msg(fault->text.find(reason) != std::string::npos, "%s: %s", text.c_str(), fault->text.c_str());
  ck_assert_msg(text.compare(fault->offset, mark.size(), mark) == 0, "%s: at byte %zu, not at %s",
                text.c_str(), fault->offset, mark.c_str());
}

START_TEST(trees) {
  reads("age != null and age > 3", "(and (!= p0 null) (> p0 3))");
  reads("age neq null && age gte 3 and not ok", "(and (!= p0 null) (>= p0 3) (not p5))");
  reads("age eq 1 or age lt 2 || age lte 3", "(or (== p0 1) (< p0 2) (<= p0 3))");
  reads("age == 1 or age == 2 and !ok", "(or (== p0 1) (and (== p0 2) (not p5)))");
  reads("(age == 1 or ok) and true", "(and (or (== p0 1) p5) true)");
  reads("1 + 2 * 3 - -4 % 5 > +6", "(> (- (+ 1 (* 2 3)) (% -4 5)) 6)");
  reads("age < 3 == ok", "(== (< p0 3) p5)");
  reads("age in {1, 2,-3} and name not in {'a', \"b\"}", "(and (in p0 1 2 -3) (not_in p1 'a' 'b'))");
  reads("age in ids", "(in p0 p2)");
  reads("ids[0] == null or ids[age + 1] > 1", "(or (== (at p2 0) null) (> (at p2 (+ p0 1)) 1))");
  reads("!name.trim().isEmpty()", "(not (isEmpty (trim p1)))");
  reads("name . length( ) > 3", "(> (length p1) 3)");
  reads("'a b'.contains(name) and ids.contains(3) and ids.size() > 0",
        "(and (contains 'a b' p1) (contains p2 3) (> (size p2) 0))");
  reads("item != null and index > 0", "(and (!= item0 null) (> index0 0))");
  // Names with . and -: the longest one that is known.
  reads("user-id != null and user.name.length() > 1", "(and (!= p3 null) (> (length p4) 1))");
  reads("age-1 > 0", "(> (- p0 1) 0)");
  // Numbers and texts.
  reads("1L + 2.50 + .5 + 3B + 100000000000000000000000",
        "(+ (+ (+ (+ 1 2.50) 0.5) 3.0) 100000000000000000000000)");
  reads("name == 'it\\'s \\u00e9 \\\\' or name == \"say \\\"a\\\"\\n\"",
        "(or (== p1 'it's \xc3\xa9 \\') (== p1 'say \"a\"\n'))");
  reads("name == \"it's\" or name == '\"'", "(or (== p1 'it's') (== p1 '\"'))");
}
END_TEST

START_TEST(rejected_with_a_place_and_what_to_write) {
  const std::vector<RequestParameter> operators = script_parameters("eq:LONG");
  std::optional<ExpressionFault> fault;
  read_expression("eq != null", Scope(operators, false), fault);
  ck_assert(fault.has_value());
  ck_text_eq(
      fault->text,
      "expected a value before \"eq\", which is an operator of tests: give the parameter another name");
  rejects("eq 1", "eq", "expected a value before \"eq\"");
  rejects("", "", "the test is empty");
  rejects("nam != null", "nam", "unknown name \"nam\" (did you mean \"name\"?)");
  rejects("age = 1", "= 1", "write ==");
  rejects("age === 1", "===", "write ==");
  rejects("age <> 1", "<>", "write !=");
  rejects("age & 1", "& 1", "write &&");
  rejects("age | 1", "| 1", "write ||");
  rejects("age AND ok", "AND", "lower case");
  rejects("ok ? 1 : 2", "?", "<choose>");
  rejects("@java.lang.Math@max(1, 2)", "@", "static");
  rejects("new Integer(1)", "new", "no objects");
  rejects("name.class", "class", "reads values alone");
  rejects("name.getClass()", "getClass", "reads values alone");
  rejects("#this", "#", "variables");
  rejects("${age} > 1", "$", "alone in a test");
  rejects("name.matches('a')", "matches", "no patterns");
  rejects("name.substring(1)", "substring", "there is no method \"substring\"; methods are size");
  rejects("name.lenght()", "lenght", "did you mean \"length\"?");
  rejects("name.length > 1", "length", "write length()");
  rejects("ids.size > 1", "size", "write size()");
  rejects("ids.empty", "empty", "write isEmpty()");
  rejects("ids.get(0) == 1", "get", "write x[0]");
  rejects("name.size() > 1", "size", "write length()");
  rejects("ids.length() > 1", "length", "a list has no length()");
  rejects("name.trim(1)", "trim", "no argument");
  rejects("name.contains()", "contains", "one argument");
  rejects("name[0] == 'a'", "[", "only a list has items");
  rejects("ids == 1", "ids", "compared with null alone");
  rejects("ids > 1", "ids", "write x.size()");
  rejects("age in {}", "{", "empty");
  rejects("age in 1", "1", "{value, value}");
  rejects("age not 1", "not", "not in");
  rejects("{1} == age", "{", "after \"in\" alone");
  rejects("(age", "(", "not closed");
  rejects("age in {1", "{", "not closed");
  rejects("age == ", "", "a value is expected");
  rejects("age ok", "ok", "unexpected \"ok\"");
  rejects("name == 'a", "'a", "no closing '");
  rejects("name == '\\x'", "\\x", "after \\ comes");
  rejects("name == '\\ud800'", "\\ud800", "after \\ comes");
  rejects("age == 010", "010", "octal");
  rejects("age == 0x1F", "0x1F", "decimal notation");
  rejects("age == 1e3", "1e3", "decimal notation");
  rejects("age == 1.", "1.", "write 1");
  rejects("isNotBlank(name)", "isNotBlank", "no function");
  rejects("name like 'a'", "like", "is SQL");
}
END_TEST

START_TEST(bounded) {
  std::string deep, wide = "age == 1";
  for (int i = 0; i < 100; ++i) deep += "(";
  rejects(deep + "age", "(", "nested");
  rejects(std::string(20000, '!') + "ok", "!", "nested");
  for (int i = 0; i < 2000; ++i) wide += " or age == 1";
  std::optional<ExpressionFault> fault;
  ck_assert_uint_eq(read(wide, fault).operands.size(), 2001);
  ck_assert(!fault);
  std::string sum = "1";
  for (int i = 0; i < 30000; ++i) sum += "+1";
  rejects(sum, "1+", "nested");
}
END_TEST

struct Given {
  const char* age = nullptr;
  const char* name = nullptr;
  std::optional<std::vector<const char*>> ids = std::nullopt;
  const char* ok = nullptr;
  const char* price = nullptr;
};

// What the test is for a call, as the gateway evaluates it.
bool is(const std::string& text, const Given& given) {
  Scope scope(parameters(), false);
  std::optional<ExpressionFault> fault;
  core::Condition condition;
  condition.test = read_expression(text, scope, fault);
  ck_assert_msg(!fault, "%s: %s", text.c_str(), fault ? fault->text.c_str() : "");
  core::Result<core::Program> program =
      core::Program::build({{core::IfNode{condition, {{core::TextNode{"x"}}}}}},
                           {20, 25, core::PlaceholderType(1016, 20), 25, 25, 16, 1700}, {});
  ck_assert_msg(static_cast<bool>(program), "%s: %s", text.c_str(),
                program ? "" : program.error().message.c_str());
  const char* const list = given.ids ? "{}" : nullptr;
  const char* const values[] = {given.age, given.name, list, nullptr, nullptr, given.ok, given.price};
  std::array<core::BoundItems, 7> items{};
  if (given.ids) items[2] = {given.ids->data(), given.ids->size()};
  core::BlockArena arena;
  core::Walk walk;
  ck_assert(!program->walk({values, items.data()}, arena, walk));
  return walk.path.decision(0);
}

START_TEST(truth_of_names) {
  ck_assert(!is("name", {}));
  ck_assert(is("name", {nullptr, ""}));
  ck_assert(!is("age", {"0"}) && is("age", {"7"}));
  ck_assert(!is("ok", {nullptr, nullptr, {}, "false"}) && is("ok", {nullptr, nullptr, {}, "true"}));
  ck_assert(!is("ids", {}) && !is("ids", {nullptr, nullptr, std::vector<const char*>{}}));
  ck_assert(is("ids", {nullptr, nullptr, std::vector<const char*>{"1"}}));
}
END_TEST

START_TEST(differences_from_ognl) {
  // A number is not equal to '', so 0 stays.
  ck_assert(is("age != null and age != ''", {"0"}));
  ck_assert(!is("age != null and age != ''", {}));
  // One character in quotes is a text.
  ck_assert(is("name == '1'", {nullptr, "1"}) && !is("name == '1'", {nullptr, "49"}));
  // Ordering with null, methods of null.
  ck_assert(!is("age > 1", {}) && !is("age <= 1", {}));
  ck_assert(!is("name.length() > 0", {}) && !is("name.isEmpty()", {}) && is("name.trim() == null", {}));
  // Division by zero.
  ck_assert(is("age / 0 == null", {"3"}) && is("age % 0 == null", {"3"}));
  // Numbers are exact.
  ck_assert(is("price + 0.2 == 0.3", {nullptr, nullptr, {}, nullptr, "0.1"}));
  ck_assert(is("age * 10 == 92233720368547758070", {"9223372036854775807"}));
  // A text in plain decimal notation is compared with a number by value; another one is unequal, without
  // order.
  ck_assert(is("name == 5 and name > 4", {nullptr, "5.0"}));
  ck_assert(!is("name == 5", {nullptr, "five"}) && !is("name > 4 or name <= 4", {nullptr, "five"}));
  // The empty list is false; past the end of a list is null.
  ck_assert(is("ids[5] == null and ids[0] == 7", {nullptr, nullptr, std::vector<const char*>{"7"}}));
}
END_TEST

START_TEST(values) {
  const Given some{"30", " Ada ", std::vector<const char*>{"1", "2"}, "true", "12.50"};
  for (const char* text : {"age >= 18 and age < 65",
                           "age in {10, 20, 30}",
                           "age not in {1, 2}",
                           "ids.contains(2)",
                           "2 in ids",
                           "!(3 in ids)",
                           "ids.size() == 2",
                           "ids.indexOf(2) == 1",
                           "name.trim() == 'Ada'",
                           "name.length() == 5",
                           "name.trim().toUpperCase() == 'ADA'",
                           "name.trim().equalsIgnoreCase('aDA')",
                           "name.contains('da')",
                           "name.trim().startsWith('A') and name.trim().endsWith('a')",
                           "name.indexOf('A') == 1",
                           "name.trim() + age == 'Ada30'",
                           "price == 12.5",
                           "price * 2 == 25",
                           "7 / 2 == 3",
                           "7 % 4 == 3",
                           "-7 % 4 == -3",
                           "7.0 / 2 == 3.5",
                           "ok and ok == true",
                           "age.toString() == '30'",
                           "name.trim().equals('Ada')",
                           "null == null",
                           "1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3",
                           "not (age lt 18)",
                           "age - 1 == 29",
                           "user-id == null"})
    ck_assert_msg(is(text, some), "%s is false", text);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_script_expression", trees, rejected_with_a_place_and_what_to_write, bounded,
                truth_of_names, differences_from_ognl, values);
