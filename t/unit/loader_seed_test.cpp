// Seed files: the tutorial's two statements unchanged, every form of literal,
// and errors with their places.
#include "source/seed/seed.hpp"

#include <cstdlib>
#include <random>
#include <string>

#include "base/refusal.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
using tablegate::loader::testing::same_text;

namespace {

constexpr const char* kUsers = "CREATE TABLE user_info (user_id BIGINT, user_name STRING, age BIGINT);";

// The rows as COPY text, or the error.
std::string seed(const std::string& ddl, const std::string& text, std::vector<size_t>* lines = nullptr) {
  const TableDdl table = parse_ddl(ddl);
  CopyText copy;
  try {
    read_seed(text, {{table.table, "mirrored"}, table.columns, parse_nested_types(ddl)}, copy,
              [lines](size_t line) {
                if (lines != nullptr) lines->push_back(line);
              });
  } catch (const Refused& refused) {
    return refused.what();
  }
  return copy.take();
}

// One value into a column of one type.
std::string value(const std::string& type, const std::string& literal) {
  std::string row = seed("CREATE TABLE t (c " + type + ")", "INSERT INTO t VALUES (" + literal + ")");
  if (!row.empty() && row.back() == '\n') row.pop_back();
  return row;
}

void expect_refusal(const std::string& ddl, const std::string& text, const std::string& part) {
  const std::string said = seed(ddl, text);
  ck_assert_msg(said.find(part) != std::string::npos, "%s: said \"%s\", wanted \"%s\"", text.c_str(),
                said.c_str(), part.c_str());
}

START_TEST(tutorial_statements) {
  const std::string insert = "INSERT INTO user_info VALUES (10001, 'Alice', 25), (10002, 'Bob', 30);";
  const std::string rows = "10001\tAlice\t25\n10002\tBob\t30\n";
  same_text(seed(kUsers, insert), rows);
  same_text(seed(kUsers, std::string(kUsers) + ".\n\nRun: ").substr(0, 4), "ddl,");
  std::vector<size_t> lines;
  same_text(seed(kUsers, std::string(kUsers) + ".\n" + insert, &lines), rows);
  ck_assert_uint_eq(lines.size(), 2);
  ck_assert_uint_eq(lines[1], 2);
  same_text(seed(kUsers, insert + insert), rows + rows);
}
END_TEST

START_TEST(forms_of_insert) {
  same_text(seed(kUsers, "insert into table proj.sch.`USER_INFO` (age, User_Id) values (1, 2); -- end"),
            "2\t\\N\t1\n");
  same_text(seed(kUsers, "INSERT OVERWRITE TABLE mirrored VALUES (1,NULL,null)"), "1\t\\N\t\\N\n");
  same_text(seed(kUsers, "INSERT INTO other VALUES (whatever(1)); INSERT INTO user_info VALUES (1,'a',2)"),
            "1\ta\t2\n");
  const std::string days = "CREATE TABLE d (a BIGINT) PARTITIONED BY (ds STRING, hh TINYINT)";
  same_text(seed(days, "INSERT INTO d PARTITION (ds='20260101', hh=3) VALUES (1),(2)"),
            "1\t20260101\t3\n2\t20260101\t3\n");
  same_text(seed(days, "INSERT INTO d PARTITION (ds='x', hh) VALUES (1, 4)"), "1\tx\t4\n");
  same_text(seed(days, "INSERT INTO d PARTITION (ds, hh) (a) VALUES (1, 'y', 4)"), "1\ty\t4\n");
}
END_TEST

START_TEST(every_literal) {
  same_text(value("TINYINT", "-1Y"), "-1");
  same_text(value("SMALLINT", "1S"), "1");
  same_text(value("BIGINT", "9223372036854775807L"), "9223372036854775807");
  same_text(value("DECIMAL(10,2)", "3.5BD"), "3.5");
  same_text(value("DECIMAL(38,18)", "12345678901234567890.123456789012345678BD"),
            "12345678901234567890.123456789012345678");
  same_text(value("FLOAT", "3.14F"), "3.14");
  same_text(value("DOUBLE", "3.14D"), "3.14");
  same_text(value("DOUBLE", "1E7"), "1E7");
  same_text(value("DOUBLE", "-1.5e-3d"), "-1.5e-3");
  same_text(value("DOUBLE", "- .5"), "-.5");
  same_text(value("DOUBLE", "5."), "5.");
  same_text(value("BIGINT", "'25'"), "25");
  same_text(value("BOOLEAN", "TRUE"), "true");
  same_text(value("STRING", "'it''s'"), "its");  // two adjacent literals
  same_text(value("STRING", "\"it's \\\"x\\\"\" '\\n\\\\'"), "it's \"x\"\\n\\\\");
  same_text(value("STRING", "12"), "12");
  same_text(value("STRING", "''"), "");
  same_text(value("DATE", "DATE'2017-11-11'"), "2017-11-11");
  same_text(value("DATETIME", "DATETIME '2017-11-11 00:00:00'"), "2017-11-11 00:00:00");
  same_text(value("TIMESTAMP", "TIMESTAMP'2017-11-11 00:00:00.123456789'"), "2017-11-11 00:00:00.123456");
  same_text(value("TIMESTAMP_NTZ", "TIMESTAMP_NTZ'2017-11-11 00:00:00.1'"), "2017-11-11 00:00:00.1");
  same_text(value("DATETIME", "'2017-11-11 00:00:00'"), "2017-11-11 00:00:00");
  same_text(value("BINARY", "X'616263'"), "\\\\x616263");
  same_text(value("BINARY", "unhex('00fF')"), "\\\\x00ff");
  same_text(value("JSON", "JSON '{\"a\":[1]}'"), "{\"a\":[1]}");
  same_text(value("ARRAY<INT>", "array()"), "[]");
  same_text(value("ARRAY<STRING>", "array('a', null, \"b\\\"\")"), "[\"a\",null,\"b\\\\\"\"]");
  same_text(value("MAP<STRING,BIGINT>", "map('k', 1L, 'l', -2)"), "{\"k\":1,\"l\":-2}");
  same_text(value("MAP<INT,STRING>", "map(1, 'x')"), "{\"1\":\"x\"}");
  same_text(value("STRUCT<a:INT,b:ARRAY<DATE>>", "named_struct('a', 1, 'b', array(DATE'2017-11-11'))"),
            "{\"a\":1,\"b\":[\"2017-11-11\"]}");
}
END_TEST

START_TEST(escapes) {
  same_text(value("STRING", R"('\001\101\1777\Z')"),
            "\x01"
            "A\x7f"
            "7\x1a");
  same_text(value("STRING", R"('\18\200\%\;')"), "18200%;");
  same_text(value("STRING", R"('ab\0c')"), "ddl, 1:26: is a NUL byte, which PostgreSQL's text cannot hold");
  same_text(value("STRING", R"('\000')"), "ddl, 1:24: is a NUL byte, which PostgreSQL's text cannot hold");
  same_text(value("STRING", R"('\01')"), "ddl, 1:24: is a NUL byte, which PostgreSQL's text cannot hold");
}
END_TEST

START_TEST(refused_values) {
  same_text(value("BIGINT", "'x'"), "ddl, 1:23: column \"c\": a text where bigint is expected");
  same_text(value("BIGINT", "DATE'2017-11-11'"), "ddl, 1:23: column \"c\": a DATE where bigint is expected");
  same_text(value("BOOLEAN", "1"), "ddl, 1:23: column \"c\": a number where boolean is expected");
  same_text(value("DATE", "'now'"), "ddl, 1:23: column \"c\": 'now' is not a date (2017-11-11)");
  same_text(value("DATE", "DATE'2017-11-11 00:00:00'"),
            "ddl, 1:23: column \"c\": '2017-11-11 00:00:00' is not a date (2017-11-11)");
  same_text(value("DATETIME", "'infinity'"),
            "ddl, 1:23: column \"c\": 'infinity' is not a time (2017-11-11 00:00:00.123)");
  same_text(value("TIMESTAMP_NTZ", "TIMESTAMP'2017-11-11 00:00:00'"),
            "ddl, 1:23: column \"c\": a TIMESTAMP where timestamp(6) is expected");
  same_text(value("JSON", "'{}'"), "ddl, 1:23: column \"c\": a text where jsonb is expected");
  same_text(value("ARRAY<DATETIME>", "array(DATETIME'2017-11-11 00:00:00')"),
            "ddl, 1:29: column \"c\": datetime inside a nested value is not supported yet");
  same_text(value("BIGINT", "1X"), "ddl, 1:23: \"1X\" is not a number");
  same_text(value("BIGINT", "1.2.3"), "ddl, 1:23: \"1.2.3\" is not a number");
  same_text(value("BIGINT", "1 2"), "ddl, 1:25: \")\" expected, found \"2\"");
  same_text(value("BINARY", "X'6'"), "ddl, 1:23: '6' is not pairs of hex digits");
  same_text(value("STRING", "Alice"), "ddl, 1:23: \"Alice\" is not a value (write text in quotes)");
  same_text(value("STRING", "now()"),
            "ddl, 1:23: now() is not supported yet: a seed file may hold only literals");
  same_text(value("MAP<STRING,INT>", "map('a')"), "ddl, 1:23: map() requires pairs");
  same_text(value("MAP<STRING,INT>", "map(NULL, 1)"), "ddl, 1:27: a map's key must be a scalar and not NULL");
  std::string deep = "1";
  for (int i = 0; i < 17; ++i) deep = "array(" + deep + ")";
  ck_assert(value("ARRAY<INT>", deep).find("too deep") != std::string::npos);
}
END_TEST

START_TEST(nested_of_other_types) {
  const auto said = [](const std::string& type, const std::string& literal, const std::string& wanted) {
    const std::string text = value(type, literal);
    ck_assert_msg(text.find("column \"c\": " + wanted) != std::string::npos, "said \"%s\", wanted \"%s\"",
                  text.c_str(), wanted.c_str());
  };
  said("ARRAY<BIGINT>", "array('x')", "\"x\" where bigint is expected");
  said("ARRAY<BIGINT>", "array(1, true)", "a boolean where bigint is expected");
  said("ARRAY<BIGINT>", "array(99999999999999999999)", "\"99999999999999999999\" where bigint is expected");
  said("ARRAY<TINYINT>", "array(127, -128, 128)", "\"128\" where tinyint is expected");
  said("ARRAY<INT>", "array(1.5)", "\"1.5\" where int is expected");
  said("ARRAY<INT>", "map(1, 2)", "a nested value where array is expected");
  said("ARRAY<INT>", "JSON '[1]'", "JSON where array is expected");
  said("ARRAY<ARRAY<INT>>", "array(1)", "\"1\" where array is expected");
  said("ARRAY<DOUBLE>", "array(.5)", "\".5\" is not allowed inside a nested value");
  said("ARRAY<JSON>", "array(JSON '1,2')", "holds text in a JSON value that is not JSON");
  said("ARRAY<JSON>", "array('1')", "\"1\" where json is expected");
  said("JSON", "array(1)", "a nested value where jsonb is expected");
  said("MAP<STRING,DOUBLE>", "map('k', 'no double')", "\"no double\" where double is expected");
  said("MAP<INT,INT>", "map('k', 1)", "\"k\" where int is expected");
  said("STRUCT<a:INT,b:STRING>", "named_struct('zzz', 'q')", "1 fields where the STRUCT has 2");
  said("STRUCT<a:INT>", "named_struct('zzz', 1)", "field \"zzz\" where \"a\" is expected");
  same_text(value("STRUCT<a:INT,B:JSON>", "named_struct('A', -1, 'b', JSON '{\"k\": 1}')"),
            "{\"a\":-1,\"B\":{\"k\": 1}}");
  same_text(value("ARRAY<BIGINT>", "array(-9223372036854775808, 9223372036854775807)"),
            "[-9223372036854775808,9223372036854775807]");
  same_text(value("ARRAY<DOUBLE>", "array(1E7, 0.5, NULL)"), "[1E7,0.5,null]");
}
END_TEST

START_TEST(refused_statements) {
  expect_refusal(kUsers, "", "ddl: holds no INSERT INTO user_info");
  expect_refusal(kUsers, "INSERT INTO other VALUES (1)", "holds no INSERT INTO user_info");
  expect_refusal(kUsers, "DROP TABLE user_info", "1:1: a seed file may hold only CREATE TABLE and INSERT");
  expect_refusal(kUsers, "INSERT INTO user_info SELECT 1", "VALUES expected, found \"SELECT\"");
  expect_refusal(kUsers, "INSERT INTO user_info VALUES (1, 'a')", "1:30: 2 values for 3 columns");
  expect_refusal(kUsers, "INSERT INTO user_info VALUES\n(1, 'a', 2, 3)", "2:1: 4 values for 3 columns");
  expect_refusal(kUsers, "INSERT INTO user_info (nope) VALUES (1)", "the table has no column \"nope\"");
  expect_refusal(kUsers, "INSERT INTO user_info (age, age) VALUES (1, 2)", "column \"age\" has two values");
  expect_refusal(kUsers, "INSERT INTO user_info VALUES (1,'a',2), ", "\"(\" expected, the text ends");
  expect_refusal(kUsers,
                 "INSERT INTO user_info VALUES (1,'a',2); INSERT OVERWRITE TABLE user_info VALUES (1,'a',2)",
                 "INSERT OVERWRITE after other rows");
  expect_refusal(kUsers, "INSERT INTO a.b.c.user_info VALUES (1)", "at most three parts");
  expect_refusal(kUsers, "CREATE TABLE user_info (user_id BIGINT); INSERT INTO user_info VALUES (1,'a',2)",
                 "1:1: CREATE TABLE user_info has other columns");
  expect_refusal(kUsers, "\nCREATE TABLE user_info (x FOO);", "2:27: column \"x\": type foo is not known");
}
END_TEST

START_TEST(any_text_ends) {
  const std::string whole =
      "INSERT INTO TABLE p.s.t PARTITION (d='x', e) (a, b) VALUES (1.5E-3BD, array(map('k', X'61')), 'a' "
      "\"b\\'\", 2),"
      "(-1Y, named_struct('a', NULL), 'x', 1); -- c\n";
  const std::string ddl =
      "CREATE TABLE t (a DOUBLE, b ARRAY<INT>, c STRING) PARTITIONED BY (d STRING, e BIGINT)";
  std::minstd_rand random(7);
  for (int round = 0; round < 10000; ++round) {
    std::string text = whole;
    for (unsigned change = 0; change < 1 + random() % 4; ++change) {
      const size_t at = random() % (text.size() + 1);
      switch (random() % 3) {
        case 0:
          text.erase(at, random() % 20);
          break;
        case 1:
          text.insert(at, 1, static_cast<char>(random() % 256));
          break;
        default:
          text.insert(at, whole.substr(random() % whole.size(), random() % 30));
      }
      if (text.empty()) text = " ";
    }
    seed(ddl, text);
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_seed", tutorial_statements, forms_of_insert, every_literal, escapes, refused_values,
                nested_of_other_types, refused_statements, any_text_ends);
