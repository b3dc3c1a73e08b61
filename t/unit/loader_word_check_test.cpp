// check_words(), through read_script(): no call may take a path with a statement that a
// check has not seen, so the words of a script with tags are looked at one by one.
#include <string>
#include <vector>

#include "loader_script_testing.hpp"
#include "loader_testing.hpp"  // last: see there
#include "script/script.hpp"

using namespace tablegate;
using namespace tablegate::loader;
using tablegate::loader::testing::script_parameters;

namespace {

std::string first_fault(const std::string& text) {
  const std::vector<RequestParameter> list =
      script_parameters("ids:LONG_LIST a:LONG b:LONG c:LONG d:LONG e:LONG f:LONG g:LONG h:LONG i:LONG");
  std::vector<ScriptFault> faults;
  read_script({text, list, false}, faults);
  return faults.empty() ? std::string() : fault_text(faults.front(), "");
}

void rejects(const std::string& text, const std::string& words) {
  const std::string said = first_fault(text);
  ck_assert_msg(said.find(words) != std::string::npos, "%s\nis      %s\nwanted  %s", text.c_str(),
                said.c_str(), words.c_str());
}

void accepts(const std::string& text) {
  const std::string said = first_fault(text);
  ck_assert_msg(said.empty(), "%s\n%s", text.c_str(), said.c_str());
}

// `text` in a script where only a list of three items or more writes it.
std::string third(const std::string& text) {
  return "SELECT a FROM t WHERE a = ANY(${ids}) <foreach collection='ids' item='x' index='n' separator=' '>"
         "<if test='n == 2'>" +
         text + "</if></foreach>";
}

// Each of these ifs is written for itself: more than 256 paths.
std::string many(const std::string& text) {
  std::string sql = "SELECT a FROM t WHERE true ";
  for (const char* name : {"e", "f", "g", "h", "i"})
    sql += std::string("<if test='") + name + " != null'>AND a > ${" + name + "}</if> ";
  return sql + text;
}

}  // namespace

START_TEST(names_of_others_are_on_no_path) {
  for (const char* sql :
       {"UNION SELECT id FROM mirror.secret", "UNION SELECT id FROM \"mirror\".secret",
        "UNION SELECT 1 FROM pg_roles", "UNION SELECT 1 FROM \"pg_roles\"", "AND current_user = 'x'",
        "UNION SELECT 1 FROM information_schema.tables", "AND set_config('a', 'b', false) = ''",
        "AND \"version\"() = ''", "AND 'a'::regclass IS NULL", "AND pg_catalog.lower('a') = ''",
        "AND U&\"\\0076ersion\"() = ''", "UNION SELECT 1 FROM dblink('a', 'b') AS (c int)",
        "UNION SELECT 1 FROM dblink(a, a) AS (c int)", "AND t.to_json IS NULL", "AND xmin::text = ''",
        "AND t.\"ctid\" IS NULL"})
    ck_assert_msg(!first_fault(third(sql)).empty(), "%s", sql);
  rejects(third("UNION SELECT id FROM mirror.secret"), "mirror is a schema of the database");
  accepts(third("AND lower(t.c) = 'pg_roles'::varchar(9)"));
  rejects(third("AND a IN (SELECT b FROM v WHERE v.c = 1)"), "no checked call reaches this table");
}
END_TEST

START_TEST(tags_do_not_join_a_name_and_its_parenthesis) {
  rejects(many("<if test='a != null'>AND '5' < CAST(</if> <if test='b != null'>version</if> "
               "<if test='e != null'>AND 1 = 1</if> <if test='c != null'>()</if> "
               "<if test='d != null'>AS text)</if>"),
          "write the ( between the same tags as the word before it");
  rejects(third("AND a = version <trim prefixOverrides='AND'>AND (a)</trim>"), "write the (");
  rejects(third("AND a = <trim prefixOverrides='AS'>AS version (a)</trim>"), "may cut this off");
  rejects(third("<trim prefixOverrides=\"'\">'a'</trim>"), "may cut this off");
  rejects(third("AND x <if test='n == 2'>.to_json</if> IS NULL"), "TABLE.COLUMN in one piece");
  accepts(
      "SELECT a FROM t WHERE a IN <foreach collection='ids' item='x' open='(' separator=',' "
      "close=')'>${x}</foreach>");
  accepts(
      "SELECT a FROM t WHERE b = a <if test='a != null'>AND (b = ${a})</if> AND <choose>"
      "<when test='b != null'>(a = 1)</when><otherwise>(a = 2)</otherwise></choose>");
}
END_TEST

// Of E'a', a newline and '\'' PostgreSQL makes one text, in which \' is a quote.
START_TEST(a_text_on_the_next_line_hides_no_words) {
  rejects(third("AND E'a'\n'\\'' || version() || E'\\'' = ''"), "the function version()");
  rejects(third("AND E'a' \t\r\f '\\'' || version() || E'\\'' = ''"), "the function version()");
  rejects(third("AND E'a'\n'b'\n'\\'' || version() || E'\\'' = ''"), "the function version()");
  const std::string hidden = "'\\'' || version() || E'\\'' = ''";
  const std::string apart = "write the text between the same tags";
  rejects(third("AND E'a'<if test='a != null'>\n" + hidden + "</if>"), apart);
  rejects(third("AND <if test='a != null'>E'a'</if>\n" + hidden), apart);
  rejects(third("AND E'a'<trim prefixOverrides='AND'>\nAND " + hidden + "</trim>"), apart);
  rejects(third("AND <trim suffixOverrides='AND'>E'a'\nAND</trim>\n" + hidden), apart);
  rejects(third("AND E'a' <trim prefixOverrides='AND NOT'>AND NOT\n" + hidden + "</trim>"),
          "cuts AND NOT off");
  accepts(third("AND (c = E'a\\'b' OR c = E'a'\n'b' OR c = 'a'\n'b' OR c = E'a' || 'b')"));
  accepts(third("AND c = E'a' <if test='a != null'>AND c = 'b'</if>"));
}
END_TEST

// Only where a, b and c are given and the others are not, pg_roles is no query of the script.
START_TEST(a_query_that_trim_cuts_off_shows_no_catalog) {
  std::string sql = "WITH <trim prefixOverrides='pg_roles AS (SELECT 1 AS a),'>";
  for (const char* name : {"a", "b", "c"})
    sql += std::string("<choose><when test='") + name + " != null'></when><otherwise>x" + name +
           " AS (SELECT 1 AS a),</otherwise></choose>";
  for (const char* name : {"e", "f", "g", "h", "i"})
    sql += std::string("<if test='") + name + " != null'>x" + name + " AS (SELECT 1 AS a),</if>";
  sql += "pg_roles AS (SELECT 1 AS a), z AS (SELECT 1 AS a)</trim> SELECT 1 AS a FROM t, pg_roles";
  ck_assert(!first_fault(sql).empty());
}
END_TEST

START_TEST(a_script_begins_with_select) {
  rejects("<if test='a == null'>SELECT a FROM t</if> <if test='a != null'>SET a = b</if>",
          "a script only reads");
  accepts(
      "<foreach collection='ids' item='x' separator='UNION ALL'>SELECT a FROM t WHERE a = ${x}</foreach> "
      "ORDER BY a");
  accepts(
      "<trim prefixOverrides='UNION ALL'><if test='a != null'>UNION ALL SELECT a FROM t</if>"
      "<if test='b != null'> UNION ALL (SELECT a FROM u)</if></trim>");
  accepts(
      "WITH RECURSIVE q (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM q WHERE n < 9) SELECT n FROM t, q "
      "<where><if test='a != null'>n = ${a}</if></where>");
}
END_TEST

TABLEGATE_SUITE("loader_word_check", names_of_others_are_on_no_path,
                tags_do_not_join_a_name_and_its_parenthesis, a_text_on_the_next_line_hides_no_words,
                a_query_that_trim_cuts_off_shows_no_catalog, a_script_begins_with_select);
