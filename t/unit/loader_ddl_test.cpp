// MaxCompute's CREATE TABLE: what is read, what is rejected with its name and
// place, and that no text crashes the parser.
#include "model/ddl.hpp"

#include <cstdlib>
#include <random>
#include <string>

#include "base/refusal.hpp"

#include "loader_testing.hpp"  // last: see there

using tablegate::core::ColumnType;
using tablegate::loader::parse_ddl;
using tablegate::loader::Refused;
using tablegate::loader::TableDdl;

using tablegate::loader::testing::same_text;

namespace {

std::string refusal(const std::string& ddl) {
  try {
    parse_ddl(ddl);
  } catch (const Refused& refused) {
    return refused.what();
  }
  return "(accepted)";
}

void expect_refusal(const std::string& ddl, const std::string& part) {
  const std::string said = refusal(ddl);
  ck_assert_msg(said.find(part) != std::string::npos, "%s: said \"%s\", wanted \"%s\"", ddl.c_str(),
                said.c_str(), part.c_str());
}

START_TEST(tutorial_statement) {
  const TableDdl ddl = parse_ddl("CREATE TABLE user_info (user_id BIGINT, user_name STRING, age BIGINT);.");
  same_text(ddl.table, "user_info");
  ck_assert_uint_eq(ddl.columns.size(), 3);
  same_text(ddl.columns[0].name, "user_id");
  ck_assert(ddl.columns[0].type == ColumnType::int8);
  same_text(ddl.columns[1].sql_type, "text");
  ck_assert(!ddl.columns[2].not_null);
}
END_TEST

START_TEST(every_scalar_type) {
  const struct {
    const char* maxcompute;
    ColumnType type;
    const char* sql;
  } kTypes[] = {
      {"TINYINT", ColumnType::int2, "smallint"},
      {"smallint", ColumnType::int2, "smallint"},
      {"INT", ColumnType::int4, "integer"},
      {"BIGINT", ColumnType::int8, "bigint"},
      {"FLOAT", ColumnType::float4, "real"},
      {"DOUBLE", ColumnType::float8, "double precision"},
      {"DECIMAL", ColumnType::numeric, "numeric(38,18)"},
      {"DECIMAL(10)", ColumnType::numeric, "numeric(10,0)"},
      {"Decimal ( 10 , 2 )", ColumnType::numeric, "numeric(10,2)"},
      {"STRING", ColumnType::text, "text"},
      {"VARCHAR(65535)", ColumnType::text, "text"},
      {"CHAR(255)", ColumnType::text, "text"},
      {"BINARY", ColumnType::bytea, "bytea"},
      {"BOOLEAN", ColumnType::boolean, "boolean"},
      {"DATE", ColumnType::date, "date"},
      {"DATETIME", ColumnType::timestamptz, "timestamptz(3)"},
      {"TIMESTAMP", ColumnType::timestamptz, "timestamptz(6)"},
      {"TIMESTAMP_NTZ", ColumnType::timestamp, "timestamp(6)"},
      {"JSON", ColumnType::jsonb, "jsonb"},
  };
  for (const auto& type : kTypes) {
    const TableDdl ddl = parse_ddl("create table t (c " + std::string(type.maxcompute) + ")");
    ck_assert_msg(ddl.columns[0].type == type.type, "%s", type.maxcompute);
    same_text(ddl.columns[0].sql_type, type.sql);
  }
}
END_TEST

START_TEST(whole_grammar) {
  const TableDdl ddl = parse_ddl(
      "-- exported\n/*+ hint */ CREATE OR REPLACE TABLE IF NOT EXISTS proj.`sch``ema`.Orders (\n"
      "  Id BIGINT NOT NULL DEFAULT -1 COMMENT 'the ''id''',\n"
      "  `Unit Price` DECIMAL(10,2) NULL DEFAULT 3.5BD,\n"
      "  2nd STRING DEFAULT concat('a', (\"b\")) NOT NULL COMMENT \"it\\\"s\",\n"
      "  \xe5\x90\x8d STRING,\n"
      "  CONSTRAINT pk PRIMARY KEY (ID, 2nd)\n"
      ") COMMENT 'a' 'b' TBLPROPERTIES (\"transactional\"=\"true\", 'x'='y') LIFECYCLE 30 ;  -- end");
  same_text(ddl.table, "orders");
  same_text(ddl.comment, "ab");
  ck_assert_uint_eq(ddl.columns.size(), 4);
  same_text(ddl.columns[0].name, "id");
  same_text(ddl.columns[0].comment, "the id");
  ck_assert(ddl.columns[0].not_null);
  same_text(ddl.columns[1].name, "unit price");
  ck_assert(!ddl.columns[1].not_null);
  same_text(ddl.columns[2].comment, "it\"s");
  ck_assert(ddl.columns[2].not_null);
  same_text(ddl.columns[3].name, "\xe5\x90\x8d");
  ck_assert_uint_eq(ddl.primary_key.size(), 2);
  same_text(ddl.primary_key[1], "2nd");
}
END_TEST

START_TEST(key_of_a_column) {
  const TableDdl ddl = parse_ddl("CREATE TABLE t (a BIGINT PRIMARY KEY COMMENT 'x', primary STRING)");
  ck_assert_uint_eq(ddl.primary_key.size(), 1);
  ck_assert(ddl.columns[0].not_null);
  same_text(ddl.columns[1].name, "primary");
}
END_TEST

START_TEST(refused_by_name_and_place) {
  expect_refusal("CREATE TABLE t (a BIGINT,\n  b VECTOR)",
                 "2:5: column \"b\": type vector is not supported yet");
  expect_refusal("CREATE TABLE t (g ARRAY<GEOGRAPHY>)",
                 "column \"g\": in array: type geography is not supported yet");
  expect_refusal("CREATE TABLE t (m MAP<STRING>)", "column \"m\": map requires 2 types");
  expect_refusal("CREATE TABLE t (m MAP<ARRAY<INT>,INT>)", "column \"m\": a map's keys are scalars");
  expect_refusal("CREATE TABLE t (a ARRAY<STRING,INT>)", "column \"a\": \">\" of array expected");
  expect_refusal("CREATE TABLE t (a ARRAY)", "column \"a\": \"<\" of array expected, found \")\"");
  expect_refusal("CREATE TABLE t (s STRUCT<BIGINT>)", "column \"s\": \":\" of struct expected");
  expect_refusal("CREATE TABLE t (s STRUCT<a:FOO>)", "column \"s\": in struct: type foo is not known");
  std::string deep = "BIGINT";
  for (int i = 0; i < 16; ++i) deep = "ARRAY<" + deep + ">";
  expect_refusal("CREATE TABLE t (a " + deep + ")", "more than 16 types in each other");
  expect_refusal("CREATE TABLE t (a BIGINT) AUTO PARTITIONED BY (trunc_time(a, 'day'))",
                 "AUTO is not supported yet");
  expect_refusal("CREATE EXTERNAL TABLE t (a BIGINT)", "EXTERNAL tables are not supported yet");
  expect_refusal("CREATE TABLE t (a BIGINT) CLUSTERED BY (b)",
                 "CLUSTERED BY names \"b\", which is not a column");
  expect_refusal("CREATE TABLE t (a BIGINT) CLUSTERED BY (a) INTO many BUCKETS",
                 "a number after INTO expected");
  expect_refusal("CREATE TABLE t (a BIGINT) RANGE (a)", "CLUSTERED expected");
  expect_refusal("CREATE TABLE t (a BIGINT) SORTED BY (a)", "expected, found \"SORTED\"");
  expect_refusal("CREATE TABLE t LIKE u", "LIKE is not supported yet");
  expect_refusal("CREATE TABLE t AS SELECT 1", "AS SELECT is not supported yet");
  expect_refusal("CREATE TABLE t (a FOO)", "1:19: column \"a\": type foo is not known");
  expect_refusal("CREATE TABLE t (a VARCHAR)", "varchar(n) has n from 1 to 65535");
  expect_refusal("CREATE TABLE t (a CHAR(256))", "char(n) has n from 1 to 255");
  expect_refusal("CREATE TABLE t (a DECIMAL(39,1))", "DECIMAL(p,s)");
  expect_refusal("CREATE TABLE t (a DECIMAL(3,4))", "DECIMAL(p,s)");
  expect_refusal("CREATE TABLE t (a BIGINT(3))", "takes no arguments");
}
END_TEST

START_TEST(nested_types) {
  const TableDdl ddl = parse_ddl(
      "CREATE TABLE t (a ARRAY<STRING>, m Map < STRING , ARRAY<DECIMAL(10,2)> >,\n"
      "s STRUCT<x:INT COMMENT 'an x', `a b`:STRUCT<d:DATE>>, i INTERVAL_DAY_TIME, y INTERVAL_YEAR_MONTH)");
  ck_assert_uint_eq(ddl.columns.size(), 5);
  for (int i = 0; i < 3; ++i) {
    ck_assert(ddl.columns[i].type == ColumnType::jsonb);
    same_text(ddl.columns[i].sql_type, "jsonb");
  }
  same_text(ddl.columns[3].sql_type, "interval");
}
END_TEST

START_TEST(clustering_is_left_out) {
  for (const char* clause :
       {"CLUSTERED BY (a) INTO 4 BUCKETS", "clustered by (`a`, b desc) sorted by (b asc, a)",
        "RANGE CLUSTERED BY (a) LIFECYCLE 3",
        "LIFECYCLE 3 RANGE CLUSTERED BY (b) SORTED BY (b) INTO 1024 BUCKETS"}) {
    const TableDdl ddl = parse_ddl(std::string("CREATE TABLE t (a BIGINT, b STRING) ") + clause + ";");
    ck_assert_uint_eq(ddl.columns.size(), 2);
  }
}
END_TEST

// How a table is stored means nothing for a mirror, wherever it is written.
START_TEST(storage_is_left_out) {
  for (const char* clause : {"STORED AS ALIORC", "stored as aliorc tblproperties ('a'='b') lifecycle 30",
                             "LIFECYCLE 3 STORED AS ORC COMMENT 'c'",
                             "ROW FORMAT SERDE 'x.Serde' WITH SERDEPROPERTIES ('a'='b', \"c\"='d') STORED AS "
                             "INPUTFORMAT 'i' OUTPUTFORMAT 'o'",
                             "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' COLLECTION "
                             "ITEMS TERMINATED BY ',' MAP KEYS TERMINATED "
                             "BY ':' LINES TERMINATED BY '\\n' NULL DEFINED AS '' STORED AS TEXTFILE",
                             "INTO 4 SHARDS HUBLIFECYCLE 7 LIFECYCLE 3"}) {
    const TableDdl behind = parse_ddl(std::string("CREATE TABLE t (a BIGINT, b STRING) ") + clause + ";");
    ck_assert_uint_eq(behind.columns.size(), 2);
    const TableDdl before = parse_ddl(std::string("CREATE TABLE IF NOT EXISTS p.t ") + clause +
                                      " (a BIGINT) PARTITIONED BY (d STRING)");
    ck_assert_uint_eq(before.columns.size(), 2);
    const TableDdl between = parse_ddl(std::string("CREATE TABLE t (a BIGINT) ") + clause +
                                       " PARTITIONED BY (d STRING) COMMENT 'last'");
    same_text(between.comment, "last");
  }
  expect_refusal("CREATE TABLE t (a BIGINT) STORED AS", "a format after STORED AS expected");
  expect_refusal("CREATE TABLE t (a BIGINT) STORED BY 'x'", "AS expected");
  expect_refusal("CREATE TABLE t (a BIGINT) ROW FORMAT x", "DELIMITED expected");
  expect_refusal("CREATE TABLE t (a BIGINT) ROW FORMAT DELIMITED FIELDS TERMINATED BY",
                 "a text in quotes expected");
  expect_refusal("CREATE TABLE t (a BIGINT) LOCATION 'oss://x'", "LOCATION is not supported");
  expect_refusal("CREATE TABLE t LIFECYCLE 3", "\"(\" expected");
}
END_TEST

START_TEST(partition_columns_come_last) {
  const TableDdl ddl = parse_ddl(
      "CREATE TABLE t (a BIGINT, PRIMARY KEY (ds, a)) COMMENT 'x' PARTITIONED BY (ds STRING COMMENT 'day', "
      "`HH` "
      "TINYINT NOT NULL) LIFECYCLE 7;");
  ck_assert_uint_eq(ddl.columns.size(), 3);
  same_text(ddl.columns[1].name, "ds");
  same_text(ddl.columns[1].comment, "day");
  ck_assert(ddl.columns[2].not_null);
  ck_assert_uint_eq(ddl.partition_columns.size(), 2);
  same_text(ddl.partition_columns[1], "hh");
  expect_refusal("CREATE TABLE t (a BIGINT) PARTITIONED BY (a STRING)", "column \"a\" is repeated");
  expect_refusal("CREATE TABLE t (a BIGINT) PARTITIONED BY (p DOUBLE)",
                 "column \"p\": no partition can be of type DOUBLE");
  expect_refusal("CREATE TABLE t (a BIGINT) PARTITIONED BY (b INT, c INT, d INT, e INT, f INT, g INT, h INT)",
                 "more than 6 partition columns");
  expect_refusal("CREATE TABLE t (a BIGINT) PARTITIONED BY (b INT) PARTITIONED BY (c INT)",
                 "expected, found");
}
END_TEST

START_TEST(refused_names) {
  expect_refusal("CREATE TABLE t (a BIGINT, A STRING)", "1:27: column \"a\" is repeated");
  expect_refusal("CREATE TABLE t (ctid BIGINT)", "PostgreSQL keeps for itself");
  expect_refusal("CREATE TABLE t (`` BIGINT)", "is empty");
  expect_refusal("CREATE TABLE t (`a\nb` BIGINT)", "control character");
  same_text(refusal("CREATE TABLE t (" + std::string(63, 'c') + " BIGINT)"), "(accepted)");
  expect_refusal("CREATE TABLE t (" + std::string(64, 'c') + " BIGINT)", "has 64 bytes");
  expect_refusal("CREATE TABLE t (a BIGINT, PRIMARY KEY (b))",
                 "PRIMARY KEY names \"b\", which is not a column");
  expect_refusal("CREATE TABLE t (a BIGINT, PRIMARY KEY (a, a))", "twice");
  expect_refusal("CREATE TABLE t (a BIGINT PRIMARY KEY, b BIGINT PRIMARY KEY)", "a second PRIMARY KEY");
}
END_TEST

START_TEST(broken_texts) {
  expect_refusal("", "CREATE expected, the text ends");
  expect_refusal("CREATE TABLE t", "\"(\" expected");
  expect_refusal("CREATE TABLE t ()", "a column's name expected");
  expect_refusal("CREATE TABLE t (a", "a type expected");
  expect_refusal("CREATE TABLE t (a BIGINT", "expected, the text ends");
  expect_refusal("CREATE TABLE t (a BIGINT,)", "a column's name expected");
  expect_refusal("CREATE TABLE t (a BIGINT COMMENT 'x", "is not closed");
  expect_refusal("CREATE TABLE t (a BIGINT) /* x", "comment is not closed");
  expect_refusal("CREATE TABLE t (a BIGINT); DROP TABLE t", "one statement expected");
  expect_refusal("CREATE TABLE t (a BIGINT DEFAULT)", "a constant after DEFAULT expected");
  expect_refusal("CREATE TABLE t (a BIGINT) LIFECYCLE x", "days after LIFECYCLE expected");
  expect_refusal(std::string("CREATE TABLE t\0 (a BIGINT)", 26), "NUL byte");
  expect_refusal("CREATE TABLE t (a BIGINT) \xff", "UTF-8");
  expect_refusal("CREATE TABLE t (a BIGINT) " + std::string(1U << 20U, ' '), "longer than");
}
END_TEST

// Cuts, swaps and repeats pieces of a statement that uses all features. Run under ASan too.
START_TEST(any_text_ends) {
  const std::string seed =
      "CREATE TABLE IF NOT EXISTS p.s.`t` (a BIGINT NOT NULL DEFAULT ((1)) COMMENT 'x\\'', b DECIMAL(3,2), "
      "c MAP<STRING,STRUCT<x:ARRAY<INT>>>, PRIMARY KEY (a)) PARTITIONED BY (ds STRING) "
      "COMMENT \"c\" TBLPROPERTIES ('a'='b') ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' STORED AS ORC "
      "LIFECYCLE 3; -- e\n/* f */";
  std::minstd_rand random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string text = seed;
    for (unsigned change = 0; change < 1 + random() % 4; ++change) {
      const size_t at = random() % (text.size() + 1);
      switch (random() % 4) {
        case 0:
          text.erase(at, random() % 20);
          break;
        case 1:
          text.insert(at, 1, static_cast<char>(random() % 256));
          break;
        case 2:
          text.insert(at, seed.substr(random() % seed.size(), random() % 30));
          break;
        default:
          text.insert(at, std::string(random() % 2000, "()'`,-"[random() % 6]));
      }
      if (text.empty()) text = " ";
    }
    refusal(text);
  }
  ck_assert_int_eq(
      static_cast<int>(refusal("CREATE TABLE t (a BIGINT DEFAULT " + std::string(500000, '(')).empty()), 0);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_ddl", tutorial_statement, every_scalar_type, whole_grammar, key_of_a_column,
                refused_by_name_and_place, nested_types, clustering_is_left_out, storage_is_left_out,
                partition_columns_come_last, refused_names, broken_texts, any_text_ends);
