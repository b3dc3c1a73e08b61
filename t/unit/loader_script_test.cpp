// read_script(): tags and SQL together. The nodes of the script's parts, what its paths
// have in common, calls without a statement, and faults with their places.
#include "script/script.hpp"
#include "script/script_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/plan/program.hpp"
#include "loader_script_testing.hpp"
#include "loader_testing.hpp"  // last: see there

using namespace tablegate;
using namespace tablegate::loader;
using tablegate::loader::testing::same_text;
using tablegate::loader::testing::script_parameters;
using tablegate::loader::testing::words;

namespace {

struct Read {
  Script script;
  std::vector<ScriptFault> faults;
};

Read read(const std::string& text, const std::string& parameters = "", bool paginates = false) {
  const std::vector<RequestParameter> list = script_parameters(parameters);
  Read out;
  out.script = read_script({text, list, paginates}, out.faults);
  return out;
}

Script script_of(const std::string& text, const std::string& parameters = "", bool paginates = false) {
  Read out = read(text, parameters, paginates);
  ck_assert_msg(out.faults.empty(), "%s: %s", text.c_str(), fault_text(out.faults[0], "").c_str());
  return std::move(out.script);
}

// All faults, one a line.
std::string faults_of(const std::string& text, const std::string& parameters = "", bool paginates = false) {
  std::string out;
  for (const ScriptFault& fault : read(text, parameters, paginates).faults)
    out += (out.empty() ? "" : "\n") + fault_text(fault, "");
  return out;
}

void begins(const std::string& said, const std::string& beginning) {
  ck_assert_msg(said.compare(0, beginning.size(), beginning) == 0, "is      %s\nwanted  %s", said.c_str(),
                beginning.c_str());
}

// BODY|ORDER|LIMIT
std::string parts_of(const Script& script) {
  return words(script.body) + "|" + words(script.order) + "|" + words(script.limit);
}

}  // namespace

START_TEST(a_basic_script) {
  const Script script = script_of(
      "SELECT id, name AS n FROM users u JOIN \"Orders\" ON u.id = o\nWHERE id = ${id};\n", "id:LONG");
  same_text(parts_of(script),
            "SELECT id, name AS n FROM [table users] u JOIN [table Orders] AS \"Orders\" ON u.id = o\nWHERE "
            "id = $0 \n||");
  ck_assert(script.tables == (std::vector<std::string>{"users", "Orders"}));
  ck_assert(script.outputs == (std::vector<std::string>{"id", "n"}));
  ck_assert(script.columns == (std::set<std::string>{"id", "name", "o"}));
  ck_assert(script.immutable && script.invalid.empty() && script.sort.empty() && !script.all_columns);
  ck_assert_uint_eq(script.warnings.size(), 1);
  begins(fault_text(script.warnings[0], ""), "id is optional and has no default");
}
END_TEST

START_TEST(order_and_limit_are_apart) {
  same_text(parts_of(script_of("SELECT a FROM t ORDER BY a LIMIT 5 OFFSET 2;")),
            "SELECT a FROM [table t] AS \"t\" |ORDER BY a |LIMIT 5 OFFSET 2 ");
  same_text(parts_of(script_of(
                "SELECT a FROM t <where><if test=\"x != null\">a = ${x}</if></where> ORDER BY a LIMIT ${n}",
                "x:LONG n:INT")),
            "SELECT a FROM [table t] AS \"t\" {where: {if (!= p0 null): a = $0 }} |ORDER BY a |LIMIT $1");
  // A tag around two clauses keeps its condition in each.
  same_text(parts_of(script_of(
                "SELECT a FROM t <if test=\"x != null\">WHERE a = ${x} ORDER BY b LIMIT 3</if>", "x:LONG")),
            "SELECT a FROM [table t] AS \"t\" {if (!= p0 null): WHERE a = $0 }|{if (!= p0 null): ORDER BY b "
            "}|{if (!= p0 null): LIMIT 3 }");
  const std::string choose =
      "SELECT a FROM t ORDER BY <choose><when test=\"s == 'a'\">a</when><otherwise>b "
      "DESC</otherwise></choose> LIMIT 4";
  same_text(
      parts_of(script_of(choose, "s:STRING")),
      "SELECT a FROM [table t] AS \"t\" |ORDER BY {choose {if (== p0 'a'): a } {else: b DESC }} |LIMIT 4");
  const std::string whole =
      "SELECT a FROM t <choose><when test=\"s == 'a'\">ORDER BY a</when><otherwise> ORDER BY b LIMIT "
      "2</otherwise></choose>";
  const Script script = script_of(whole, "s:STRING");
  same_text(words(script.order), "{choose {if (== p0 'a'): ORDER BY a } {else: ORDER BY b }}");
  same_text(words(script.limit), "{choose {if (== p0 'a'): } {else: LIMIT 2 }}");
  same_text(words(script_of("SELECT a FROM t <trim prefix=\"ORDER BY\" suffixOverrides=\",\"> <if test=\"s "
                            "== 'a'\">a,</if> b,</trim>",
                            "s:STRING")
                      .order),
            "{trim [ORDER BY] [] ,-: {if (== p0 'a'): a,} b,}");
  begins(faults_of("SELECT a FROM t <where>a = 1 ORDER BY a</where>"), "line 1, column");
  begins(faults_of("SELECT a FROM t <if test=\"x != null\">ORDER BY a</if> <if test=\"y != null\">, b</if>",
                   "x:LONG y:LONG"),
         "line 1, column");
  begins(faults_of("SELECT a FROM t <trim prefix=\"LIMIT\">${n}</trim>", "n:INT"), "line 1, column");
}
END_TEST

START_TEST(pages_require_an_order) {
  same_text(faults_of("SELECT a FROM t", "", true), "line 1, column 16: pages require an ORDER BY");
  begins(faults_of("SELECT a FROM t <if test=\"x != null\">ORDER BY a</if>", "x:LONG", true),
         "line 1, column 17: pages require an ORDER BY: there is none without optional parameters");
  same_text(faults_of("SELECT a FROM t\nORDER BY a FETCH FIRST 3 ROWS WITH TIES", "", true),
            "line 2, column 12: WITH TIES does not go with pagination; write LIMIT or nothing");
  begins(faults_of("SELECT a FROM t ORDER BY a LIMIT ${n}", "n:INT", true),
         "line 1, column 28: a placeholder cannot be in LIMIT");
  const Script script = script_of("SELECT a FROM t ORDER BY a LIMIT 3", "", true);
  same_text(fault_text(script.warnings.at(0), "f.sql"),
            "f.sql:1:28: LIMIT and OFFSET are ignored: callers ask for pages");
  ck_assert_uint_eq(script.sort.size(), 1);
  ck_text_eq(script.sort[0].column, "a");
}
END_TEST

START_TEST(what_all_paths_have_in_common) {
  const std::string sorted =
      "SELECT a, b AS x FROM t WHERE k = ${k} <if test=\"s == 'x'\">ORDER BY x</if><if test=\"s != "
      "'x'\">ORDER BY a</if>";
  ck_assert(script_of(sorted, "k:LONG s:STRING").sort.empty());
  std::vector<RequestParameter> required = script_parameters("k:LONG s:STRING");
  required[0].required = true;
  std::vector<ScriptFault> faults;
  const std::string fixed = "SELECT a FROM t WHERE k = ${k} <if test=\"s != null\">AND ${s} = s</if>";
  ck_assert(read_script({fixed, required, false}, faults).fixed == std::set<std::string>{"k"});
  const std::string loose = "SELECT a FROM t WHERE k = ${k} <if test=\"s != null\">OR a = ${s}</if>";
  ck_assert(read_script({loose, required, false}, faults).fixed.empty());
  ck_assert(!script_of("SELECT a FROM t <if test=\"k != null\">WHERE a > now()</if>", "k:LONG").immutable);
  ck_assert(script_of("SELECT a FROM t NATURAL JOIN u").all_columns);
  same_text(
      faults_of("SELECT a <if test=\"k != null\">, b</if> FROM t", "k:LONG"),
      "the output columns are not the same for all calls: a without optional parameters, but a, b with k");
}
END_TEST

START_TEST(tables_are_tables_on_every_path) {
  begins(faults_of("<if test=\"k != null\">WITH t AS (SELECT a FROM u)</if> SELECT a FROM t", "k:LONG"),
         "line 1, column 69: t is a table on some calls and something else on others");
  begins(faults_of("SELECT a FROM t <if test=\"k != null\">x</if>", "k:LONG"),
         "line 1, column 15: the table t has another name");
  begins(faults_of("SELECT a FROM t WHERE a IN <foreach collection=\"l\" item=\"i\" open=\"(SELECT b FROM u "
                   "WHERE b IN (\" "
                   "close=\"))\" separator=\",\">${i}</foreach>",
                   "l:LONG_LIST"),
         "line 1, column");
  same_text(faults_of("SELECT 1 AS a"), "reads no table: write FROM and the name of a mirrored table");
  const Script script = script_of(
      "SELECT a FROM t WHERE k IN <foreach collection=\"l\" item=\"i\" open=\"(\" close=\")\" "
      "separator=\",\">"
      "(SELECT k FROM u WHERE n = ${i})</foreach>",
      "l:LONG_LIST");
  ck_assert(script.tables == (std::vector<std::string>{"t", "u"}));
}
END_TEST

START_TEST(calls_without_a_statement) {
  const Script script = script_of(
      "SELECT a FROM t WHERE <if test=\"k != null\">k = ${k}</if> <if test=\"s != null\">AND s = ${s}</if>",
      "k:LONG s:STRING");
  ck_assert_uint_eq(script.invalid.size(), 1);
  same_text(words(script.invalid[0].when), "(not (!= p0 null))");
  ck_assert(script.invalid[0].parameters == std::vector<std::string>{"k"});
  begins(script.invalid[0].reason, "line 1, column");
  same_text(faults_of("SELECT a FROM t WHERE <if test=\"k != null\">AND</if>", "k:LONG").substr(0, 15),
            "line 1, column ");
  same_text(faults_of("<if test=\"k != null\"></if>", "k:LONG"), "line 1, column 1: there is no statement");
}
END_TEST

START_TEST(what_pages_and_parameters_require) {
  const std::string sql = "SELECT a FROM t ORDER BY a ";
  begins(faults_of(sql + "LIMIT ${pageSize}", "", true),
         "line 1, column 34: \"pageSize\" is a parameter of pages, which no script reads: remove LIMIT and "
         "OFFSET");
  begins(faults_of("SELECT a FROM t <if test=\"pagenum > 1\">WHERE a</if> ORDER BY a", "", true),
         "line 1, column 27: \"pagenum\" is a parameter of pages");
  begins(faults_of(sql + "LIMIT ${pageSize}"),
         "line 1, column 34: unknown name \"pageSize\": declare it in request_parameters");
  ck_assert(
      script_of("SELECT a FROM t WHERE b = ${x} <if test=\"y > 1\"></if>", "x:LONG z:LONG y:LONG u:LONG")
          .unread == (std::vector<uint32_t>{1, 3}));
  ck_assert(script_of("SELECT a FROM t WHERE a IN <foreach collection=\"x\" item=\"y\" open=\"(\" "
                      "close=\")\" separator=\",\">"
                      "${y}</foreach>",
                      "x:LONG_LIST y:LONG")
                .unread == (std::vector<uint32_t>{1}));
}
END_TEST

START_TEST(faults_have_places_of_the_script) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"SELECT 'ä€😀' AS x,\n  lowr(a) AS y FROM t",
       "line 2, column 3: a script cannot call the function lowr()"},
      {"SELECT a FROM t WHERE b &lt; 3 AND 'é' = nvl(c, 'x')",
       "line 1, column 42: a script cannot call the function nvl()"},
      {"SELECT a FROM t WHERE b <![CDATA[ < 3 AND nvl(c, 1) ]]> = 2",
       "line 1, column 43: a script cannot call the function nvl()"},
      {"SELECT a <!-- ä --> , nvl(b, 1) AS b FROM t",
       "line 1, column 23: a script cannot call the function nvl()"},
      {"SELECT a FROM t\n<where>\n  <if test=\"k != null\">\n    AND nvl(a, 1) = ${k}\n  </if>\n</where>",
       "line 4, column 9: a script cannot call the function nvl()"},
      {"SELECT * FROM t", "line 1, column 8: name the columns instead of *"},
      {"SELECT a FROM t;\nSELECT b FROM t", "line 2, column 1: a script is one statement"},
      {"SELECT a FROM t ORDER BY ${k}",
       "line 1, column 26: a placeholder is a value and cannot be a key of ORDER BY"},
      {"SELECT ${k} AS a FROM t",
       "line 1, column 8: a placeholder is a value and cannot be an item of SELECT"},
      {"SELECT a FROM t WHERE a = 1 AND", "line 1, column 32: syntax error at end of input"},
      {"DELETE FROM t", "line 1, column 1: a script only reads"},
      {"SELECT a FROM s.t", "line 1, column 15: a table is written by its bare name"},
  };
  for (const auto& [text, fault] : cases) begins(faults_of(text, "k:LONG"), fault);
  // Each fault once, though it is on several paths; all of them together.
  same_text(faults_of("SELECT nvl(a, 1) AS a FROM t <if test=\"k != null\">WHERE b::oid = 1</if>", "k:LONG"),
            "line 1, column 8: a script cannot call the function nvl(); write coalesce(a, b)\n"
            "line 1, column 60: the type oid is not allowed in a script");
}
END_TEST

START_TEST(only_a_json_array_is_an_empty_list) {
  const std::string text =
      "SELECT a FROM t <where><if test=\"ids != null\">a IN <foreach collection=\"ids\" item=\"x\" "
      "open=\"(\" "
      "separator=\",\" close=\")\">${x}</foreach></if></where>";
  std::vector<RequestParameter> parameters = script_parameters("ids:LONG_LIST");
  const auto invalid = [&](const std::string& place) {
    parameters[0].place = place;
    std::vector<ScriptFault> faults;
    const Script script = read_script({text, parameters, false}, faults);
    ck_assert(faults.empty());
    return script.invalid.size();
  };
  for (const char* const place : {"query", "header", "path"}) ck_assert_uint_eq(invalid(place), 0);
  ck_assert_uint_eq(invalid("body"), 1);
  parameters[0].default_value = DefaultOrSample{"1,2", true, true, {"1", "2"}};
  ck_assert_uint_eq(invalid("query"), 0);
  parameters[0].default_value = DefaultOrSample{"", true, true, {}};
  ck_assert_uint_eq(invalid("query"), 1);
}
END_TEST

START_TEST(a_script_is_read_once) {
  ScriptCache cache;
  size_t reads = 0;
  std::vector<RequestParameter> parameters = script_parameters("a:LONG b:LONG");
  const auto read = [&](const std::string& text, bool paginates = false) {
    const size_t before = reads;
    const ReadScript& found = cache.find({text, parameters, paginates}, [&] {
      ++reads;
      return ReadScript{{}, {{0, 0, text}}};
    });
    ck_text_eq(found.faults.at(0).text, text);
    return reads != before;
  };
  ck_assert(read("x"));
  ck_assert(!read("x"));
  ck_assert(read("y"));
  ck_assert(read("x", true));
  ck_assert(!read("x", true));
  // Whatever differs in a parameter.
  const auto differs = [&](const auto& change) {
    const std::vector<RequestParameter> before = parameters;
    change(parameters[1]);
    ck_assert(read("x"));
    ck_assert(!read("x"));
    parameters = before;
    ck_assert(!read("x"));
  };
  differs([](RequestParameter& one) { one.name = "c"; });
  differs([](RequestParameter& one) { one.type = "STRING"; });
  differs([](RequestParameter& one) { one.list = true; });
  differs([](RequestParameter& one) { one.required = true; });
  differs([](RequestParameter& one) { one.place = "body"; });
  differs([](RequestParameter& one) { one.default_value = DefaultOrSample{"1", true, false, {}}; });
  differs([](RequestParameter& one) { one.default_value = DefaultOrSample{"1", true, true, {"1"}}; });
  parameters.pop_back();
  ck_assert(read("x"));
  // Bounded.
  const size_t few = kMaxCachedScripts / kMaxScriptSize;
  for (size_t i = 0; i < 3 * few; ++i) {
    ck_assert(read(std::string(kMaxScriptSize, 'z') + std::to_string(i)));
    ck_assert_uint_le(cache.size(), few + 16);
  }
}
END_TEST

// Took more than ten seconds, which is longer than a test may take.
START_TEST(tests_of_many_comparisons_are_read_quickly) {
  std::string text = "SELECT a FROM t WHERE true";
  for (int tag = 0; tag < 10; ++tag) {
    text += " <if test=\"x == 0";
    for (int number = 1; number < 20; ++number) text += " or x == " + std::to_string(20 * tag + number);
    text += "\">AND a > 1</if>";
  }
  same_text(faults_of(text, "x:LONG"), "");
  // Many tags took longer still: 40 of five comparisons, 12 <choose> of 12, 90 optional conditions, and SQL
  // of 57 KiB with eight of them, each path of which is parsed.
  text = "SELECT a FROM t WHERE true";
  for (int tag = 0; tag < 40; ++tag) {
    text += " <if test=\"x == 0";
    for (int number = 1; number < 5; ++number) text += " or x == " + std::to_string(5 * tag + number);
    text += "\">AND a > 1</if>";
  }
  same_text(faults_of(text, "x:LONG"), "");
}
END_TEST

START_TEST(conditions_of_many_parameters_are_read_quickly) {
  std::string text = "SELECT a FROM t WHERE true", names;
  for (int tag = 0; tag < 12; ++tag) {
    names += "p" + std::to_string(tag) + ":LONG ";
    text += "<choose>";
    for (int number = 0; number < 12; ++number)
      text += fmt::format("<when test=\"p{} == {}\"> AND a = {}</when>", tag, number, number);
    text += "</choose>";
  }
  same_text(faults_of(text, names), "");
  names.clear();
  text = "SELECT a FROM t WHERE true";
  for (int tag = 0; tag < 90; ++tag) {
    names += "p" + std::to_string(tag) + ":LONG ";
    text += fmt::format("<if test=\"p{0} != null\"> AND a = ${{p{0}}}</if>", tag);
  }
  same_text(faults_of(text, names), "");
}
END_TEST

START_TEST(conditions_of_a_long_statement_are_read_quickly) {
  std::string text = "SELECT a FROM t WHERE true", names;
  while (text.size() < 57000) text += " AND a > 1";
  for (int tag = 0; tag < 8; ++tag) {
    names += "p" + std::to_string(tag) + ":LONG ";
    text += fmt::format("<if test=\"p{0} != null\"> AND a = ${{p{0}}}</if>", tag);
  }
  same_text(faults_of(text, names), "");
}
END_TEST

// 9 conditions: not each combination is checked, so no other call than a checked one may be rejected.
START_TEST(only_checked_calls_are_rejected) {
  std::string text = "SELECT a FROM t WHERE <if test=\"k != null\">k = ${k}</if>", names = "k:LONG";
  text += "<if test=\"s != null\">s = ${s}</if> <if test=\"k == null and s == null\">true</if>";
  for (int tag = 0; tag < 9; ++tag) {
    names += fmt::format(" p{}:LONG", tag);
    text += fmt::format("<if test=\"p{0} != null\"> AND a = ${{p{0}}}</if>", tag);
  }
  const Script script = script_of(text, names + " s:STRING");
  ck_assert_uint_eq(script.invalid.size(), 2);  // with k and s alone, and with all
  for (const char* const name : {"k", "s", "p0", "p8"}) {
    const std::vector<std::string>& tested = script.invalid[0].parameters;
    ck_assert(std::find(tested.begin(), tested.end(), name) != tested.end());
  }
}
END_TEST

START_TEST(tables_that_no_checked_call_reaches) {
  const auto third = [](const std::string& content) {
    return "SELECT a FROM t WHERE a IN <foreach collection=\"l\" item=\"i\" index=\"n\" open=\"(\" "
           "close=\")\" "
           "separator=\",\">${i}<if test=\"n == 2\">" +
           content + "</if></foreach>";
  };
  begins(faults_of(third(" + (SELECT b\nFROM u WHERE u.k = 1)"), "l:LONG_LIST"),
         "line 2, column 6: no checked call reaches this table");
  begins(faults_of(third(" + (SELECT b FROM u JOIN \"V\" ON true)"), "l:LONG_LIST"), "line 1, column");
  same_text(faults_of(third(" + extract(year FROM a)"), "l:LONG_LIST"), "");
  same_text(faults_of(third(" + t.b"), "l:LONG_LIST"), "");
  same_text(faults_of("WITH q AS (SELECT b FROM u) " + third(" + (SELECT b FROM q)"), "l:LONG_LIST"), "");
}
END_TEST

// With two conditions each combination is checked, with 12 some are.
START_TEST(parts_make_the_statements_of_the_script) {
  for (const int more : {0, 10}) {
    std::string text = "SELECT a + 0", names = "p:LONG q:LONG";
    for (int tag = 0; tag < more; ++tag) {
      names += fmt::format(" p{}:LONG", tag);
      text += fmt::format("<if test=\"p{0} != null\"> + ${{p{0}}}</if>", tag);
    }
    text +=
        " AS a FROM t <if test=\"p != null\">ORDER BY a</if> <if test=\"q != null\">WHERE b = ${q} + "
        "${p}</if>";
    begins(faults_of(text, names), "cannot be taken apart into its ORDER BY, its LIMIT and the rest");
  }
}
END_TEST

START_TEST(many_calls_without_a_statement_are_a_fault) {
  std::string text = "SELECT a FROM t WHERE", names;
  for (int tag = 0; tag < 12; ++tag) {
    names += fmt::format("p{}:LONG ", tag);
    text += fmt::format(" <if test=\"p{0} != null\">{1} a = ${{p{0}}}</if>", tag, tag == 0 ? "" : "AND");
  }
  const std::string said = faults_of(text, names);
  begins(said, "makes no statement for 67 combinations of its conditions; the first one: line 1, column");
  ck_assert(said.find("put the conditions into <where>") != std::string::npos);
}
END_TEST

TABLEGATE_SUITE("loader_script", a_basic_script, order_and_limit_are_apart, pages_require_an_order,
                what_all_paths_have_in_common, tables_are_tables_on_every_path, calls_without_a_statement,
                what_pages_and_parameters_require, only_a_json_array_is_an_empty_list, a_script_is_read_once,
                faults_have_places_of_the_script, tests_of_many_comparisons_are_read_quickly,
                conditions_of_many_parameters_are_read_quickly,
                conditions_of_a_long_statement_are_read_quickly, only_checked_calls_are_rejected,
                tables_that_no_checked_call_reaches, parts_make_the_statements_of_the_script,
                many_calls_without_a_statement_are_a_fault);
