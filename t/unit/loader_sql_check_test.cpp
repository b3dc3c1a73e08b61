// What check_sql() rejects, each with its place and what to write instead, and the
// forms of a SELECT that it lets through with what it notes of them.
#include "script/sql_check.hpp"

#include <string>
#include <vector>

#include "loader_testing.hpp"  // last: see there

using namespace tablegate;
using namespace tablegate::loader;
using tablegate::loader::testing::same_text;

namespace {

// As many placeholders as the text has $N; `lists`: those of them that are lists.
SqlFacts check(const std::string& sql, std::vector<SqlFault>& faults, const std::vector<size_t>& lists = {}) {
  size_t count = 0;
  while (sql.find("$" + std::to_string(count + 1)) != std::string::npos) ++count;
  std::vector<bool> is_list(count, false);
  for (const size_t number : lists) is_list[number - 1] = true;
  return check_sql(sql, is_list, faults);
}

// The first fault: "OFFSET: TEXT".
std::string fault_of(const std::string& sql, const std::vector<size_t>& lists = {}) {
  std::vector<SqlFault> faults;
  check(sql, faults, lists);
  return faults.empty() ? std::string() : std::to_string(faults[0].offset) + ": " + faults[0].text;
}

SqlFacts facts_of(const std::string& sql, const std::vector<size_t>& lists = {}) {
  std::vector<SqlFault> faults;
  SqlFacts facts = check(sql, faults, lists);
  ck_assert_msg(faults.empty(), "%s: %zu: %s", sql.c_str(), faults[0].offset, faults[0].text.c_str());
  return facts;
}

std::string tables_of(const std::string& sql) {
  std::string names;
  for (const SqlTable& table : facts_of(sql).tables) {
    names += (names.empty() ? "" : " ") + sql.substr(table.begin, table.end - table.begin);
    if (table.has_alias) names += "*";
  }
  return names;
}

struct Rejected {
  const char* sql;
  const char* fault;  // its beginning
};

void all_rejected(const std::vector<Rejected>& cases) {
  for (const Rejected& each : cases) {
    const std::string said = fault_of(each.sql);
    ck_assert_msg(said.compare(0, std::string(each.fault).size(), each.fault) == 0,
                  "%s\n  is      %s\n  wanted  %s", each.sql, said.c_str(), each.fault);
  }
}

}  // namespace

START_TEST(only_one_statement_that_reads) {
  const std::string reads = "a script only reads: write one SELECT, or WITH ... SELECT";
  for (const char* sql :
       {"INSERT INTO u VALUES (1)", "UPDATE u SET a = 1", "DELETE FROM u", "DROP TABLE u",
        "CREATE TABLE x (a int)", "COPY u TO '/tmp/x'", "EXPLAIN SELECT a FROM u", "BEGIN", "SET x = 1",
        "CALL f()", "DO 'x'", "TRUNCATE u", "LISTEN x", "PREPARE p AS SELECT 1", "EXECUTE p",
        "CREATE TABLE x AS SELECT a FROM u", "REFRESH MATERIALIZED VIEW x"})
    same_text(fault_of(sql), "0: " + reads);
  same_text(fault_of("WITH d AS (DELETE FROM u RETURNING a) SELECT a FROM d"), "5: " + reads);
  same_text(fault_of("WITH d AS (INSERT INTO u VALUES (1) RETURNING a) SELECT a FROM d"), "5: " + reads);
  all_rejected({
      {"", "0: there is no statement"},
      {" ; ", "0: there is no statement"},
      {"SELECT a FROM u; SELECT b FROM u", "17: a script is one statement; remove the second one"},
      {"SELECT a FROM u; ; DROP TABLE u", "19: a script is one statement"},
      {"SELECT a INTO x FROM u", "14: a script only reads: SELECT INTO"},
      {"SELECT a FROM u FOR UPDATE", "16: a script only reads: FOR UPDATE"},
      {"SELECT a FROM (SELECT a FROM u FOR SHARE) x", "31: a script only reads: FOR UPDATE and FOR SHARE"},
      {"(SELECT a FROM u LIMIT 3)", "0: remove the parentheses around the whole statement"},
      {"VALUES (1, 2)", "0: write SELECT: the columns of VALUES have no names"},
  });
  facts_of("SELECT a FROM u;");
  facts_of("(SELECT a FROM u)");
}
END_TEST

START_TEST(columns_are_named_and_no_row_is_whole) {
  all_rejected({
      {"SELECT * FROM u", "7: name the columns instead of *"},
      {"SELECT u.* FROM u", "7: name the columns instead of *"},
      {"SELECT a FROM u WHERE EXISTS (SELECT * FROM v)", "37: name the columns instead of *"},
      {"SELECT count(u.*) AS n FROM u", "13: name the columns instead of *"},
      {"TABLE u", "0: name the columns instead of *"},
      {"SELECT a FROM u WHERE a IN (TABLE v)", "24: name the columns instead of *"},
      {"SELECT u FROM u", "7: u is a table here, and its whole row is not allowed; write u.COLUMN"},
      {"SELECT to_json(u) AS j FROM users u", "15: u is a table here"},
      {"SELECT count(u) AS n FROM u", "13: u is a table here"},
      {"SELECT a FROM u WHERE u IS NOT NULL", "22: u is a table here"},
      {"SELECT a FROM u WHERE EXISTS (SELECT 1 FROM v WHERE v.a = u)", "58: u is a table here"},
      {"SELECT x FROM (SELECT a FROM u) x", "7: x is a table here"},
      {"WITH w AS (SELECT a FROM u) SELECT w FROM w", "35: w is a table here"},
      {"SELECT j FROM (u JOIN v USING (a)) AS j", "7: j is a table here"},
      {"SELECT u.to_json FROM u", "7: to_json after a table is the function to_json() of its whole row"},
      {"SELECT u.concat FROM u", "7: concat after a table is the function"},
      {"SELECT (u).a AS a FROM u", "7: a field of a row is not allowed in a script; write TABLE.COLUMN"},
      {"SELECT s.u.a FROM u", "7: a column is written as COLUMN or TABLE.COLUMN"},
      {"SELECT u.ctid FROM u", "7: ctid is a system column"},
      {"SELECT a + 1 FROM u", "7: an expression requires a name; write AS"},
      {"SELECT count(*) FROM u", "7: an expression requires a name"},
      {"SELECT a, b AS a FROM u", "10: two output columns are called a; give one another name with AS"},
      {"SELECT u.id, v.id FROM u, v", "13: two output columns are called id"},
      {"SELECT FROM u", "0: the statement has no output columns"},
  });
  facts_of("SELECT count(*) AS n FROM u");
  facts_of("SELECT a FROM u WHERE EXISTS (SELECT FROM v)");
  facts_of("SELECT u.count, u.rank FROM u");
  facts_of("SELECT n FROM generate_series(1, 3) AS n");
  facts_of("SELECT x FROM (SELECT x FROM u) x");
  facts_of("SELECT count(*) AS u FROM u GROUP BY a ORDER BY u");
}
END_TEST

START_TEST(tables_by_their_bare_names) {
  all_rejected({
      {"SELECT a FROM s.u", "14: a table is written by its bare name, without a schema"},
      {"SELECT a FROM d.s.u", "14: a table is written by its bare name, without"},
      {"SELECT relname FROM pg_class", "20: a script reads mirrored tables, no catalogs"},
      {"SELECT relname FROM pg_catalog.pg_class", "20: a table is written by its bare name"},
      {"SELECT a FROM information_schema.tables", "14: a table is written by its bare name"},
      {"SELECT a FROM u * x", "14: write the table alone, without * behind its name"},
      {"SELECT a FROM ONLY u", "19: ONLY is not allowed"},
      {"SELECT a FROM u TABLESAMPLE system (1)", "28: TABLESAMPLE is not allowed"},
      {"SELECT a FROM XMLTABLE('/x' PASSING y COLUMNS a int)", "14: XMLTABLE is not allowed"},
      {"SELECT a FROM pg_ls_dir('/') AS a", "14: a script cannot call the function pg_ls_dir()"},
      {"SELECT a FROM regexp_split_to_table('a b', ' ') AS a",
       "14: regexp_split_to_table() in FROM requires a column of a table before it"},
      {"SELECT a FROM json_each('{}') AS x(a int)",
       "0: a function in FROM takes no list of column definitions"},
      {"SELECT a FROM CURRENT_DATE AS a", "0: FROM takes tables"},
  });
  same_text(tables_of("SELECT b, a FROM \"U\" x JOIN v ON x.a = v.a WHERE a IN (SELECT a FROM w AS z)"),
            "\"U\"* v w*");
  same_text(tables_of("WITH v AS (SELECT a FROM u) SELECT a FROM v"), "u");
  same_text(tables_of("WITH u AS (SELECT a FROM u) SELECT a FROM u"), "u");
  same_text(tables_of("WITH RECURSIVE t AS (SELECT a FROM u UNION ALL SELECT a FROM t) SELECT a FROM t"),
            "u");
  same_text(tables_of("WITH a AS (SELECT x FROM b), b AS (SELECT x FROM a) SELECT x FROM b"), "b");
  same_text(tables_of("SELECT (WITH q AS (SELECT 1 AS a) SELECT a FROM q) AS a FROM q"), "q");
  same_text(tables_of("SELECT a FROM U"), "U");
  ck_text_eq(facts_of("SELECT a FROM U").tables[0].name, "u");
  ck_text_eq(facts_of("SELECT a FROM \"U\"\"v\"").tables[0].name, "U\"v");
  same_text(
      tables_of(
          "SELECT e FROM u, jsonb_array_elements(u.doc) AS e, unnest(u.tags) WITH ORDINALITY AS t(x, n)"),
      "u");
}
END_TEST

START_TEST(functions_and_types_of_a_list) {
  all_rejected({
      {"SELECT nvl(a, b) AS x FROM u", "7: a script cannot call the function nvl(); write coalesce(a, b)"},
      {"SELECT ifnull(a, b) AS x FROM u", "7: a script cannot call the function ifnull(); write coalesce"},
      {"SELECT getdate() AS x FROM u", "7: a script cannot call the function getdate(); write now()"},
      {"SELECT instr(a, 'x') AS x FROM u", "7: a script cannot call the function instr(); write strpos"},
      {"SELECT dateadd(a, 1) AS x FROM u",
       "7: a script cannot call the function dateadd(); write a + interval"},
      {"SELECT datediff(a, b) AS x FROM u", "7: a script cannot call the function datediff(); write a - b"},
      {"SELECT wm_concat(a) AS x FROM u",
       "7: a script cannot call the function wm_concat(); write string_agg"},
      {"SELECT if(a, 1, 2) AS x FROM u", "7: a script cannot call the function if(); write CASE WHEN"},
      {"SELECT date_format(a, 'x') AS x FROM u",
       "7: a script cannot call the function date_format(); write to_char"},
      {"SELECT regexp_extract(a, 'x') AS x FROM u",
       "7: a script cannot call the function regexp_extract(); write substring"},
      {"SELECT lowr(a) AS x FROM u", "7: a script cannot call the function lowr(); is lower() meant?"},
      {"SELECT pg_sleep(1) AS x FROM u", "7: a script cannot call the function pg_sleep()"},
      {"SELECT pg_read_file('x') AS x FROM u", "7: a script cannot call the function pg_read_file()"},
      {"SELECT set_config('a', 'b', true) AS x", "7: a script cannot call the function set_config()"},
      {"SELECT current_setting('a') AS x", "7: a script cannot call the function current_setting()"},
      {"SELECT version() AS x", "7: a script cannot call the function version()"},
      {"SELECT txid_current() AS x", "7: a script cannot call the function txid_current()"},
      {"SELECT pg_advisory_lock(1) AS x", "7: a script cannot call the function pg_advisory_lock()"},
      {"SELECT lo_import('x') AS x", "7: a script cannot call the function lo_import()"},
      {"SELECT dblink('x', 'y') AS x", "7: a script cannot call the function dblink()"},
      {"SELECT query_to_xml('SELECT 1', true, true, '') AS x",
       "7: a script cannot call the function query_to_xml()"},
      {"SELECT ts_stat('SELECT 1') AS x", "7: a script cannot call the function ts_stat()"},
      {"SELECT nextval('s') AS x", "7: a script cannot call the function nextval()"},
      {"SELECT random() AS x", "7: a script cannot call the function random()"},
      {"SELECT has_table_privilege('u', 'select') AS x",
       "7: a script cannot call the function has_table_privilege()"},
      {"SELECT a FROM u ORDER BY pg_typeof(a)", "25: a script cannot call the function pg_typeof()"},
      {"SELECT max(a) FILTER (WHERE nextval('s') > 1) AS x FROM u",
       "28: a script cannot call the function nextval()"},
      {"SELECT public.f(a) AS x FROM u",
       "7: a function is written by its bare name, without a schema: public.f"},
      {"SELECT inet_server_addr() AS x", "7: a script cannot call the function inet_server_addr()"},
      {"SELECT COLLATION FOR (a) AS x FROM u", "7: a script cannot call the function pg_collation_for()"},
      {"SELECT xmlelement(name a) AS x", "7: XML is not allowed"},
      {"SELECT 'u'::regclass AS x", "12: the type regclass is not allowed"},
      {"SELECT CAST(a AS string) AS x FROM u", "17: the type string is not allowed in a script; write text"},
      {"SELECT a::double AS x FROM u",
       "10: the type double is not allowed in a script; write double precision"},
      {"SELECT a::s.t AS x FROM u", "10: the type s.t is not allowed"},
      {"SELECT a::u AS x FROM u", "10: the type u is not allowed"},
      {"SELECT a::oid[] AS x FROM u", "10: the type oid is not allowed"},
      {"SELECT regclass 'u' AS x FROM u", "7: the type regclass is not allowed"},
      {"SELECT 'now'::timestamptz AS x FROM u",
       "12: the text would be the moment at which the statement was prepared; write now()"},
      {"SELECT date ' Today' AS x FROM u",
       "7: the text would be the moment at which the statement was prepared; write CURRENT_DATE"},
      {"SELECT CURRENT_USER AS x FROM u", "7: a script cannot ask for the user"},
      {"SELECT CURRENT_SCHEMA AS x FROM u", "7: a script cannot ask for the user"},
      {"SELECT SESSION_USER AS x FROM u", "7: a script cannot ask for the user"},
      {"SELECT a FROM u ORDER BY a USING <", "27: ORDER BY ... USING is not allowed; write ASC or DESC"},
      {"SELECT a OPERATOR(s.+) 1 AS x FROM u", "9: an operator is written alone"},
      {"SELECT a FROM u WHERE a == 1", "24: == is no operator of SQL; write ="},
      {"SELECT a COLLATE s.\"C\" AS x FROM u", "9: a collation is written by its bare name"},
  });
  for (const char* sql :
       {"SELECT trim(a) AS x, substring(a FROM 2 FOR 3) AS y, position('x' IN a) AS z, overlay(a PLACING 'x' "
        "FROM 1) AS w FROM u",
        "SELECT extract(year FROM t) AS y, t AT TIME ZONE 'Asia/Shanghai' AS z, (t, t) OVERLAPS (t, t) AS o "
        "FROM u",
        "SELECT coalesce(a, b) AS x, nullif(a, b) AS y, greatest(a, b) AS z FROM u",
        "SELECT a::numeric(10, 2)::text AS x, a::int[] AS y, CAST(a AS timestamptz(3)) AS z FROM u",
        "SELECT a COLLATE \"C\" AS x, interval '1 day' AS i, date '2024-01-01' AS d FROM u",
        "SELECT string_agg(a, ',' ORDER BY b DESC) FILTER (WHERE b > 1) AS x FROM u",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) AS x FROM u",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n "
        "FROM u",
        "SELECT sum(a) OVER w AS n FROM u WINDOW w AS (PARTITION BY b)",
        "SELECT a, grouping(a) AS g, count(*) AS n FROM u GROUP BY ROLLUP (a), GROUPING SETS ((a), ()) "
        "HAVING count(*) > 1",
        "SELECT DISTINCT ON (a) a, b FROM u ORDER BY a, b",
        "SELECT a FROM u UNION ALL SELECT a FROM v INTERSECT SELECT a FROM w ORDER BY a LIMIT 3",
        "SELECT x.a FROM u CROSS JOIN LATERAL (SELECT a FROM v WHERE v.b = u.b LIMIT 1) x",
        "SELECT a FROM (VALUES (1, 'x'), (2, 'y')) AS t(a, b)",
        "SELECT make_interval(days => 3) AS x, concat_ws(',', VARIADIC b) AS y FROM u",
        "SELECT a[1] AS x, b[1:2] AS y, ARRAY[1, 2] AS z, ARRAY(SELECT a FROM v) AS w FROM u",
        "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END AS x, CASE a WHEN 1 THEN 2 END AS y FROM u",
        "SELECT a FROM u WHERE (a, b) IN (SELECT a, b FROM v) AND a BETWEEN 1 AND 2 AND b IS DISTINCT FROM 3",
        "SELECT a FROM u WHERE a ILIKE 'x%' AND b SIMILAR TO 'x' AND c ~ 'y' AND d IS TRUE AND e <> ALL "
        "(ARRAY[1])",
        "SELECT a FROM u WHERE a > ANY (SELECT a FROM v) OR NOT EXISTS (SELECT 1 FROM v)",
        "SELECT doc ->> 'a' AS a, doc @> '{}'::jsonb AS b, to_tsvector('simple', a) @@ to_tsquery('x') AS c "
        "FROM u",
        "SELECT x FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY[1])) AS t(x, y)",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SEARCH DEPTH FIRST BY n SET o "
        "CYCLE n SET c USING p SELECT n FROM t",
        "SELECT now() AS x, CURRENT_TIMESTAMP(3) AS y, LOCALTIME AS z FROM u"})
    facts_of(sql);
}
END_TEST

START_TEST(placeholders_are_values) {
  const std::string choose = "; write the columns to choose from inside <choose>";
  const std::string item = ", or CAST(${name} AS text) for the value itself";
  same_text(fault_of("SELECT $1 AS x FROM u"),
            "7: a placeholder is a value and cannot be an item of SELECT" + choose + item);
  same_text(fault_of("SELECT ($1) AS x FROM u"),
            "8: a placeholder is a value and cannot be an item of SELECT" + choose + item);
  same_text(fault_of("SELECT a FROM u ORDER BY $1"),
            "25: a placeholder is a value and cannot be a key of ORDER BY" + choose);
  same_text(fault_of("SELECT a FROM u ORDER BY $1::text DESC"),
            "25: a placeholder is a value and cannot be a key of ORDER BY" + choose);
  same_text(fault_of("SELECT a FROM u GROUP BY a, $1"),
            "28: a placeholder is a value and cannot be a key of GROUP BY" + choose);
  same_text(fault_of("SELECT DISTINCT ON ($1) a FROM u"),
            "20: a placeholder is a value and cannot be a key of DISTINCT ON" + choose);
  same_text(fault_of("SELECT count(*) OVER (PARTITION BY $1) AS n FROM u"),
            "35: a placeholder is a value and cannot be a key of PARTITION BY" + choose);
  all_rejected({
      {"SELECT a FROM $1",
       "14: a placeholder is a value and cannot be a name, an operator or a keyword; write the forms"},
      {"SELECT a FROM u WHERE d = date $1",
       "31: a placeholder cannot be written behind a type; write CAST(${name} AS TYPE)"},
      {"SELECT a $1 FROM u", "9: a placeholder cannot be written behind a type"},
      {"SELECT a::numeric($1) AS x FROM u", "18: the length of a type is a number, no placeholder"},
      {"SELECT a FROM u WHERE a = '$1'", "0: a placeholder is inside a text"},
      {"SELECT a FROM u WHERE a = $1 AND b = $1", "37: $1 is no placeholder; write ${name}"},
      {"SELECT a FROM u WHERE a = $1 AND b = $9", "37: $9 is no placeholder"},
      {"SELECT a FROM u WHERE a = ANY ($1)", "24: ANY and ALL require a parameter of a list type"},
  });
  facts_of(
      "SELECT a, $1::text AS x, $2 || 'x' AS y FROM u WHERE a = $3 AND b LIKE '%' || $4::text || '%' LIMIT "
      "$5");
  facts_of("SELECT a FROM u WHERE a = ANY($1) AND b <> ALL($2)", {1, 2});
  facts_of("SELECT a FROM u ORDER BY CASE WHEN $1 = 'a' THEN a END");
}
END_TEST

START_TEST(texts_of_other_databases) {
  all_rejected({
      {"SELECT a FROM u -- x", "16: a script has no SQL comments; write an XML comment"},
      {"SELECT a /* x */ FROM u", "9: a script has no SQL comments"},
      {"SELECT `a` FROM u", "7: names are not written in backticks"},
      {"SELECT U&\"a\" FROM u", "7: U& texts and names are not allowed"},
      {"SELECT a FROM u LIMIT 5, 10",
       "16: LIMIT #,# syntax is not supported; write LIMIT count OFFSET start"},
      {"SELECT a FROM u WHERE a RLIKE 'x'", "24: syntax error at or near \"RLIKE\"; write a ~ 'pattern'"},
      {"SELECT a + interval 1 day AS x FROM u", "20: syntax error at or near \"1\"; write interval '1 day'"},
      {"SELECT 'é' AS é, a FROM u WHERE )", "34: syntax error at or near \")\""},
      {"SELECT a FROM u WHERE", "21: syntax error at end of input"},
      {"SELECT 'a", "7: unterminated quoted string"},
  });
  facts_of("SELECT '--' AS a, '/* ` */' AS b, $x$ -- $x$ AS c, E'\\' --' AS \"d--\" FROM u");
}
END_TEST

START_TEST(facts_of_a_statement) {
  const std::string sql =
      "SELECT a, b AS c FROM u WHERE d = $1 AND $2 = e AND f > 3 ORDER BY c DESC, u.a LIMIT 5 OFFSET 2";
  const SqlFacts facts = facts_of(sql);
  ck_assert(facts.simple && facts.immutable && !facts.all_columns && !facts.with_ties);
  ck_assert(facts.outputs == (std::vector<std::string>{"a", "c"}));
  ck_assert(facts.columns == (std::set<std::string>{"a", "b", "d", "e", "f"}));
  ck_assert(facts.order == sql.find("ORDER") && facts.limit == sql.find("LIMIT"));
  ck_assert(facts.equal == (std::vector<std::pair<std::string, size_t>>{{"d", 0}, {"e", 1}}));
  ck_assert_uint_eq(facts.sort.size(), 2);
  ck_text_eq(facts.sort[0].output, "c");
  ck_text_eq(facts.sort[0].column, "b");
  ck_assert(facts.sort[0].descending && !facts.sort[1].descending);
  ck_text_eq(facts.sort[1].output, "a");

  const std::string offset =
      "SELECT a.limit, b AS order FROM a ORDER BY 2, a.order NULLS FIRST, b + 1 OFFSET 1 ROW FETCH FIRST 3 "
      "ROWS WITH TIES";
  const SqlFacts other = facts_of(offset);
  ck_assert(other.order == offset.find("ORDER BY 2") && other.limit == offset.find("OFFSET") &&
            other.with_ties);
  ck_text_eq(other.sort[0].output, "order");
  ck_assert(other.sort[1].output.empty() && other.sort[2].output.empty());

  for (const char* combined :
       {"SELECT DISTINCT a FROM u", "SELECT count(*) AS n FROM u", "SELECT a FROM u GROUP BY a",
        "SELECT a FROM u, v", "SELECT a FROM u JOIN v USING (a)", "SELECT a FROM u UNION SELECT a FROM u",
        "SELECT unnest(a) AS a FROM u", "SELECT row_number() OVER () AS n FROM u",
        "WITH w AS (SELECT a FROM u) SELECT a FROM w", "SELECT a FROM (SELECT a FROM u) x",
        "SELECT a FROM u WHERE a = (SELECT max(a) FROM u)"}) {
    const SqlFacts each = facts_of(combined);
    ck_assert_msg(!each.simple && each.sort.empty() && each.equal.empty(), "%s", combined);
  }
  ck_assert(!facts_of("SELECT now() AS x FROM u").immutable);
  ck_assert(!facts_of("SELECT CURRENT_DATE AS x FROM u").immutable);
  ck_assert(!facts_of("SELECT $1::date + 1 AS x FROM u").immutable);
  ck_assert(!facts_of("SELECT age(a) AS x FROM u").immutable);
  ck_assert(!facts_of("SELECT date($1) AS x FROM u").immutable);
  ck_assert(facts_of("SELECT to_char(a, 'YYYY') AS x, date(a) AS y FROM u").immutable);
  ck_assert(facts_of("SELECT lower(a) AS x, b::date AS y FROM u").immutable);
  ck_assert(facts_of("SELECT a FROM u NATURAL JOIN v").all_columns);
  ck_assert(facts_of("SELECT x FROM u AS t(x)").all_columns);
  ck_assert(facts_of("SELECT x FROM (u JOIN v USING (id)) AS t(x)").all_columns);
  const SqlFacts inner = facts_of("SELECT a FROM (SELECT a FROM u ORDER BY a LIMIT 3) x");
  ck_assert(!inner.order && !inner.limit);
}
END_TEST

START_TEST(hostile_texts_end_in_a_fault) {
  const auto repeat = [](const std::string& text, size_t count) {
    std::string out;
    for (size_t i = 0; i < count; ++i) out += text;
    return out;
  };
  for (const std::string& sql :
       {"SELECT " + repeat("(", 10000) + "1" + repeat(")", 10000) + " AS x",
        "SELECT 1" + repeat("+1", 100000) + " AS x", "SELECT " + repeat("- ", 5000) + "a AS x FROM u",
        "SELECT " + repeat("NOT ", 5000) + "true AS x", "SELECT 1" + repeat("::int", 10000) + " AS x",
        "SELECT 1 AS x" + repeat(" UNION SELECT 1", 5000), "SELECT a FROM u" + repeat(" CROSS JOIN u", 5000),
        "SELECT " + repeat("(SELECT ", 2000) + "1" + repeat(")", 2000) + " AS x",
        "SELECT " + repeat("f(", 3000) + repeat(")", 3000) + " AS x",
        "SELECT '" + repeat("x", 300000) + "' AS x", repeat("(", 65536), repeat("'", 65535),
        repeat("$a$", 20001), repeat("\"", 65535), repeat("a", 65536), std::string("SELECT 1\0 AS x", 14),
        std::string("SELECT '\xFF' AS x"), std::string("SELECT '\xC3' AS x"),
        std::string("\xEF\xBB\xBFSELECT")})
    ck_assert_msg(!fault_of(sql).empty(), "%.60s", sql.c_str());
  facts_of("SELECT 1" + repeat(" + 1", 200) + " AS x FROM u WHERE a = 1" + repeat(" OR a = 1", 3000));
}
END_TEST

TABLEGATE_SUITE("loader_sql_check", only_one_statement_that_reads, columns_are_named_and_no_row_is_whole,
                tables_by_their_bare_names, functions_and_types_of_a_list, placeholders_are_values,
                texts_of_other_databases, facts_of_a_statement, hostile_texts_end_in_a_fault);
