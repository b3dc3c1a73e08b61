// core/json_writer against a real PostgreSQL: the output equals the database's
// own JSON byte for byte, and times are as to_char writes them.
#include "core_pgtesting.hpp"

using namespace tablegate::core;
using testing::Answer;
using testing::connect;
using testing::Connection;
using testing::query;

namespace {

Cell cell_of(const Answer& answer, int row, int column) {
  if (PQgetisnull(answer.get(), row, column) != 0) return {};
  return {PQgetvalue(answer.get(), row, column), static_cast<size_t>(PQgetlength(answer.get(), row, column))};
}

// Each row of `sql` is (value, expected JSON) or, with a wall clock, (value, wall, expected JSON).
int compare(PGconn* connection, const Column& column, const std::string& sql,
            const std::vector<std::string>& values = {}) {
  const Answer answer = query(connection, sql, values);
  const int rows = PQntuples(answer.get());
  ck_assert_msg(rows > 0, "%s", sql.c_str());
  for (int row = 0; row < rows; ++row) {
    StringSink sink;
    const Cell wall = column.wall ? cell_of(answer, row, 1) : Cell{};
    ck_assert(write_value(column, cell_of(answer, row, 0), wall, sink));
    const Cell expected = cell_of(answer, row, column.wall ? 2 : 1);
    ck_text_eq(sink.text,
               expected.data == nullptr ? std::string("null") : std::string(expected.data, expected.size));
  }
  return rows;
}

using testing::column;

START_TEST(whole_numbers_equal_to_json) {
  const Connection connection = connect();
  const std::pair<ColumnType, const char*> kTypes[] = {
      {ColumnType::int2, "'{0,-1,1,32767,-32768,NULL}'::int2[]"},
      {ColumnType::int4, "'{0,-1,10001,2147483647,-2147483648,NULL}'::int4[]"},
      {ColumnType::int8, "'{0,-1,9007199254740993,9223372036854775807,-9223372036854775808,NULL}'::int8[]"}};
  for (const auto& [type, array] : kTypes) {
    compare(connection.get(), column(type), std::string("SELECT v, to_json(v) FROM unnest(") + array + ") v");
    compare(connection.get(), column(type, true),
            std::string("SELECT v, to_json(v::text) FROM unnest(") + array + ") v");
  }
}
END_TEST

START_TEST(floating_point_numbers_equal_to_json) {
  const Connection connection = connect();
  compare(connection.get(), column(ColumnType::float8),
          "SELECT v, to_json(v) FROM "
          "unnest('{0,-0,1,-1,0.1,1e15,1e16,123456789012345678,1.7976931348623157e308,5e-324,"
          "2.2250738585072014e-308,0.30000000000000004,1e-5,0.0001,-1e100,NaN,Infinity,-Infinity,NULL}'::"
          "float8[]) v");
  compare(connection.get(), column(ColumnType::float4),
          "SELECT v, to_json(v) FROM "
          "unnest('{0,-0,1,-1,0.1,1e6,1e7,16777217,3.4028235e38,1e-45,1.1754944e-38,NaN,Infinity,"
          "-Infinity,NULL}'::float4[]) v");
  const int rows = compare(
      connection.get(), column(ColumnType::float8),
      "SELECT v, to_json(v) FROM (SELECT (random() - 0.5) * power(10::float8, (random() * 600 - 300)::int) v "
      "FROM generate_series(1, 20000)) t");
  ck_assert_int_eq(rows, 20000);
}
END_TEST

START_TEST(numerics_equal_to_json_also_with_hundreds_of_digits) {
  const Connection connection = connect();
  compare(
      connection.get(), column(ColumnType::numeric),
      "SELECT v, to_json(v) FROM unnest(ARRAY[0, -0.0, 1.50, -12.340, 1e-30, 1e30, repeat('9', "
      "100)::numeric, "
      "(repeat('9', 500) || '.' || repeat('1', 500))::numeric, -(repeat('7', 38) || '.5')::numeric, 'NaN', "
      "'Infinity', '-Infinity', NULL]::numeric[]) v");
  compare(connection.get(), column(ColumnType::numeric, true),
          "SELECT v, to_json(v::text) FROM unnest(ARRAY[0, 12.50, repeat('9', 100)::numeric, "
          "'NaN']::numeric[]) v");
}
END_TEST

START_TEST(truth_values_equal_to_json) {
  const Connection connection = connect();
  compare(connection.get(), column(ColumnType::boolean),
          "SELECT v, to_json(v) FROM unnest('{t,f,NULL}'::bool[]) v");
}
END_TEST

START_TEST(texts_equal_to_json_for_every_character) {
  const Connection connection = connect();
  // Every code point except NUL and the surrogates, 4096 per row.
  const int rows = compare(connection.get(), column(ColumnType::text),
                           "SELECT v, to_json(v) FROM (SELECT string_agg(chr(c), '' ORDER BY c) v FROM "
                           "generate_series(1, 1114111) c "
                           "WHERE c NOT BETWEEN 55296 AND 57343 GROUP BY c / 4096) t");
  ck_assert_int_ge(rows, 270);
  compare(connection.get(), column(ColumnType::text),
          "SELECT v, to_json(v) FROM (VALUES (''), (NULL), (' '), ('\"'), ('\\'), ('/'), "
          "(E'\\b\\f\\n\\r\\t'), (repeat('\"', 100000))) t(v)");
  compare(connection.get(), column(ColumnType::text),
          "SELECT chr(c), to_json(chr(c)) FROM generate_series(1, 1023) c");
}
END_TEST

START_TEST(dates_equal_to_json) {
  const Connection connection = connect();
  compare(connection.get(), column(ColumnType::date),
          "SELECT v, to_json(v) FROM "
          "unnest('{2025-01-31,0001-01-01,9999-12-31,10000-01-01,5874897-12-31,0044-03-15 BC,4714-11-24 BC,"
          "infinity,-infinity,NULL}'::date[]) v");
  compare(
      connection.get(), column(ColumnType::date),
      "SELECT v, to_json(v) FROM (SELECT '0001-01-01'::date + n * 97 v FROM generate_series(0, 40000) n) t");
}
END_TEST

// 'YYYY-MM-DDThh:mm:ss' and the fraction without its trailing zeros, made by to_char.
std::string clock_of(const std::string& w) {
  return "(to_char(" + w + ", 'YYYY-MM-DD\"T\"HH24:MI:SS') || CASE WHEN to_char(" + w +
         ", 'US') = '000000' THEN '' ELSE '.' || rtrim(to_char(" + w + ", 'US'), '0') END)";
}

START_TEST(timestamps_equal_what_to_char_says) {
  const Connection connection = connect();
  const std::string expected =
      std::string(
          "to_json(CASE WHEN NOT isfinite(w) OR w < '0001-01-01' OR w >= '10000-01-01' THEN w::text ELSE ") +
      clock_of("w") + " END)";
  compare(
      connection.get(), column(ColumnType::timestamp),
      "SELECT w, " + expected +
          " FROM unnest('{2025-01-31 08:00:00,2025-01-31 08:00:00.5,2025-01-31 08:00:00.000001,2025-01-31 "
          "08:00:00.120000,"
          "0001-01-01 00:00:00,9999-12-31 23:59:59.999999,10000-01-01 00:00:00,294276-12-31 23:59:59.999999,"
          "0044-03-15 12:00:00.5 BC,4714-11-24 00:00:00 BC,infinity,-infinity,NULL}'::timestamp[]) w");
  compare(connection.get(), column(ColumnType::timestamp),
          "SELECT w, " + expected +
              " FROM (SELECT '0001-01-01'::timestamp + random() * interval '12000 years' w FROM "
              "generate_series(1, 20000)) t");
}
END_TEST

START_TEST(instants_equal_what_the_zone_s_offset_says) {
  const Connection connection = connect();
  // The zone's clock where RFC 3339 can say it, else UTC where it can, else PostgreSQL's text.
  const std::string expected =
      "to_json(CASE WHEN NOT isfinite(v) OR v < '0001-01-01 00:00:00+00' THEN v::text"
      " WHEN w >= '0001-01-01' AND w < '10000-01-01' AND o % 60 = 0 THEN " +
      clock_of("w") +
      " || CASE WHEN o < 0 THEN '-' ELSE '+' END || lpad((abs(o) / 3600)::text, 2, '0') || ':' ||"
      " lpad((abs(o) / 60 % 60)::text, 2, '0')"
      " WHEN v < '10000-01-01 00:00:00+00' THEN " +
      clock_of("(v AT TIME ZONE 'UTC')") + " || 'Z' ELSE v::text END)";
  const std::string values =
      "(SELECT unnest('{2025-01-31 00:00:00+00,2025-01-31 00:00:00.5+00,1890-01-01 00:00:00+00,1900-12-31 "
      "15:54:17+00,"
      "1986-06-01 00:00:00+00,2024-02-29 20:00:00+00,2025-11-02 05:30:00+00,2025-11-02 "
      "06:30:00+00,2025-03-09 07:00:00+00,"
      "0001-01-01 00:00:00.5+00,0001-01-01 00:00:00+00,0001-12-31 23:00:00+00 BC,0001-12-31 23:00:00.25+00 "
      "BC,"
      "9999-12-31 20:00:00+00,10000-01-01 00:00:00+00,294276-12-30 00:00:00+00,0044-03-15 12:00:00+00 "
      "BC,infinity,-infinity,NULL}'"
      "::timestamptz[]) v UNION ALL SELECT '0001-01-02'::timestamptz + random() * interval '3000 years' FROM "
      "generate_series(1, 3000) "
      "UNION ALL SELECT '1880-01-01'::timestamptz + random() * interval '160 years' FROM generate_series(1, "
      "3000)) a";
  for (const char* zone :
       {"Asia/Shanghai", "America/St_Johns", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati",
        "Pacific/Apia", "Europe/Amsterdam", "Africa/Monrovia", "UTC", "Australia/Lord_Howe", "Asia/Manila"}) {
    const std::string with_wall =
        "(SELECT v, v AT TIME ZONE '" + std::string(zone) + "' w FROM " + values + ") b";
    const std::string with_offset =
        "(SELECT v, w, CASE WHEN isfinite(v) THEN extract(epoch FROM w - (v AT TIME ZONE 'UTC'))::int END o "
        "FROM " +
        with_wall + ") c";
    compare(connection.get(), column(ColumnType::timestamptz, false, true),
            "SELECT v, w, " + expected + " FROM " + with_offset);
  }
}
END_TEST

// What an answer shows is taken back as a parameter and means the same instant.
START_TEST(instants_are_taken_back) {
  const Connection connection = connect();
  Parameter parameter;
  parameter.type = ParameterType::datetime;
  parameter.column_type = ColumnType::timestamptz;
  for (const char* zone : {"Asia/Shanghai", "America/New_York", "Europe/Amsterdam", "Africa/Monrovia"}) {
    const Answer answer = query(
        connection.get(),
        "SELECT v, v AT TIME ZONE '" + std::string(zone) +
            "' FROM (SELECT unnest('{infinity,-infinity,0044-03-15 12:00:00.25+00 BC,0001-01-01 "
            "00:00:00+00,1890-01-01 00:00:00.5+00,1900-12-31 15:54:17+00,2025-01-31 00:00:00+00,"
            "9999-12-31 23:00:00+00,10000-01-01 02:00:00+00,200000-01-01 00:00:00+00}'::timestamptz[]) v) a",
        {});
    for (int row = 0; row < PQntuples(answer.get()); ++row) {
      StringSink sink;
      ck_assert(write_value(column(ColumnType::timestamptz, false, true), cell_of(answer, row, 0),
                            cell_of(answer, row, 1), sink));
      const std::string shown = sink.text.substr(1, sink.text.size() - 2);
      BlockArena arena;
      std::string_view detail;
      const std::string_view bound = check_value(parameter, arena.copy(shown), arena, detail);
      ck_assert_msg(bound.data() != nullptr, "%s", shown.c_str());
      const Answer same = query(connection.get(), "SELECT $1::timestamptz = $2::timestamptz",
                                {std::string(bound), PQgetvalue(answer.get(), row, 0)});
      ck_assert_msg(std::string(PQgetvalue(same.get(), 0, 0)) == "t", "%s", shown.c_str());
    }
  }
}
END_TEST

START_TEST(bytes_equal_postgresql_s_base64) {
  const Connection connection = connect();
  // encode() breaks lines after 76 characters; JSON does not.
  compare(connection.get(), column(ColumnType::bytea),
          "SELECT v, to_json(replace(encode(v, 'base64'), E'\\n', '')) FROM (SELECT "
          "substr(string_agg(sha256(int4send(n * 31 + i)), ''::bytea), 1, n) v "
          "FROM generate_series(0, 300) n, generate_series(0, 9) i GROUP BY n) t");
  compare(connection.get(), column(ColumnType::bytea),
          "SELECT v, to_json(encode(v, 'base64')) FROM (SELECT substr(int4send(n), 3, 2) v FROM "
          "generate_series(0, 65535) n) t");
  compare(connection.get(), column(ColumnType::bytea), "SELECT NULL::bytea, NULL::json");
}
END_TEST

START_TEST(json_columns_equal_to_json) {
  const Connection connection = connect();
  const std::string values =
      "(VALUES ('{\"a\": [1, 2.50, null, \"x\\\"y\\u0001\"]}'), ('[]'), ('null'), ('\"\"'), ('1e5'), (NULL)) "
      "t(x)";
  compare(connection.get(), column(ColumnType::json), "SELECT x::json, to_json(x::json) FROM " + values);
  compare(connection.get(), column(ColumnType::jsonb), "SELECT x::jsonb, to_json(x::jsonb) FROM " + values);
  compare(connection.get(), column(ColumnType::json, true), "SELECT x::json, to_json(x) FROM " + values);
}
END_TEST

START_TEST(intervals_equal_to_json) {
  const Connection connection = connect();
  compare(connection.get(), column(ColumnType::interval),
          "SELECT v, to_json(v) FROM unnest('{1 day 02:03:04,-1 year 3 days,00:00:00.5,1000000 "
          "hours,NULL}'::interval[]) v");
}
END_TEST

START_TEST(a_whole_row_equals_row_to_json) {
  const Connection connection = connect();
  query(connection.get(),
        "CREATE TEMP TABLE r (\"a\"\"b\" int, \"\u4f60 \\\" text, n numeric, d date, f float8, b bool)");
  query(connection.get(),
        "INSERT INTO r VALUES (1, E'x\\n', 1.50, '2025-01-31', 'NaN', true), (NULL, NULL, NULL, NULL, NULL, "
        "NULL)");
  const auto manifest = testing::good_manifest(testing::api_line(
      "1", "GET", "/x", "[]",
      {{R"([{"name":"a","type":"int4"}])",
        R"([{"name":"a\"b","type":"int4"},{"name":"\u4f60 \\","type":"text"},{"name":"n","type":"numeric"},{"name":"d","type":"date"},)"
        R"({"name":"f","type":"float8"},{"name":"b","type":"bool"}])"}}));
  const Answer rows = query(connection.get(), "SELECT * FROM r");
  const Answer whole =
      query(connection.get(),
            "SELECT '{\"data\":[' || string_agg(row_to_json(r)::text, ',') || '],\"success\":true}' FROM r");
  StringSink sink;
  RowWriter writer(manifest->apis[0], {}, sink);
  ck_assert(writer.begin());
  for (int row = 0; row < PQntuples(rows.get()); ++row) {
    std::vector<Cell> cells;
    for (int i = 0; i < PQnfields(rows.get()); ++i) cells.push_back(cell_of(rows, row, i));
    ck_assert(writer.row(cells.data()));
  }
  ck_assert(writer.end());
  ck_text_eq(sink.text, PQgetvalue(whole.get(), 0, 0));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_json_pg", whole_numbers_equal_to_json, floating_point_numbers_equal_to_json,
                numerics_equal_to_json_also_with_hundreds_of_digits, truth_values_equal_to_json,
                texts_equal_to_json_for_every_character, dates_equal_to_json,
                timestamps_equal_what_to_char_says, instants_equal_what_the_zone_s_offset_says,
                instants_are_taken_back, bytes_equal_postgresql_s_base64, json_columns_equal_to_json,
                intervals_equal_to_json, a_whole_row_equals_row_to_json);
