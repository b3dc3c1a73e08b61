// core/csv_writer and core/ndjson_writer: rows of the formats that have no envelope.
#include "core/answer/csv_writer.hpp"

#include <string>
#include <vector>

#include "core/answer/ndjson_writer.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;
using testing::column;
using testing::FullSink;

namespace {

const std::string kMuch(5000, 'x');

// One value as its cell.
std::string cell_of(const Column& column, std::string_view text, std::string_view wall = {},
                    bool safe = false) {
  Api api;
  api.columns = {column};
  api.csv.safe = safe;
  const Cell cells[] = {testing::cell(text), wall.empty() ? Cell{} : testing::cell(wall)};
  StringSink sink;
  ck_assert(write_csv_row(api, cells, sink));
  ck_assert(sink.text.size() >= 2 && sink.text.substr(sink.text.size() - 2) == "\r\n");
  return sink.text.substr(0, sink.text.size() - 2);
}

std::string text_cell(std::string_view text, bool safe = false) {
  return cell_of(column(ColumnType::text), text, {}, safe);
}

START_TEST(texts_are_quoted_where_they_have_to_be) {
  for (const char* const plain :
       {"a", " a ", "007", "'", ";", "a\tb", "\xE6\xBC\xA2", "=1+1", "NULL", "\\N", "\\.x"})
    ck_text_eq(text_cell(plain), plain);
  ck_text_eq(text_cell(""), R"("")");
  ck_text_eq(text_cell("\\."), R"("\.")");
  ck_text_eq(text_cell("a,b"), R"("a,b")");
  ck_text_eq(text_cell("a\nb"), "\"a\nb\"");
  ck_text_eq(text_cell("\r"), "\"\r\"");
  ck_text_eq(text_cell("\""), R"("""")");
  ck_text_eq(text_cell("a\"\"b\""), R"("a""""b""")");
  ck_text_eq(text_cell(kMuch), kMuch);
  ck_text_eq(text_cell(kMuch + "\"" + kMuch + ",\""), "\"" + kMuch + "\"\"" + kMuch + ",\"\"\"");
  const std::string quotes(300, '"');
  ck_text_eq(text_cell(quotes), "\"" + quotes + quotes + "\"");
  ck_text_eq(text_cell(quotes.substr(0, 127)), "\"" + quotes.substr(0, 254) + "\"");
}
END_TEST

START_TEST(cells_are_the_texts_of_json_values) {
  for (const ColumnType type :
       {ColumnType::int2, ColumnType::int4, ColumnType::int8, ColumnType::numeric, ColumnType::float8}) {
    ck_text_eq(cell_of(column(type), "-10"), "-10");
    ck_text_eq(cell_of(column(type, true), "10"), "10");
  }
  ck_text_eq(cell_of(column(ColumnType::float8), "-Infinity"), "-Infinity");
  ck_text_eq(cell_of(column(ColumnType::boolean), "t"), "true");
  ck_text_eq(cell_of(column(ColumnType::boolean), "f"), "false");
  ck_text_eq(cell_of(column(ColumnType::date), "2025-01-31"), "2025-01-31");
  ck_text_eq(cell_of(column(ColumnType::timestamp), "2025-01-31 08:00:00.5"), "2025-01-31T08:00:00.5");
  ck_text_eq(cell_of(column(ColumnType::timestamp), "infinity"), "infinity");
  const Column instant = column(ColumnType::timestamptz, false, true);
  ck_text_eq(cell_of(instant, "2025-01-31 00:00:00+00", "2025-01-31 08:00:00"), "2025-01-31T08:00:00+08:00");
  ck_text_eq(cell_of(instant, "0044-03-15 12:00:00+00 BC", "x"), "0044-03-15 12:00:00+00 BC");
  ck_text_eq(cell_of(column(ColumnType::timestamptz), "2025-01-31 00:00:00+00"), "2025-01-31T00:00:00+00:00");
  ck_text_eq(cell_of(column(ColumnType::bytea), "\\x00ff10"), "AP8Q");
  ck_text_eq(cell_of(column(ColumnType::bytea), "\\x"), R"("")");
  ck_text_eq(cell_of(column(ColumnType::bytea), "odd,"), R"("odd,")");
  ck_text_eq(cell_of(column(ColumnType::interval), "1 day"), "1 day");
}
END_TEST

START_TEST(json_is_compact) {
  for (const ColumnType type : {ColumnType::json, ColumnType::jsonb}) {
    ck_text_eq(cell_of(column(type), "{\"a\" : [1,\r\n\t \"b  \\\" c\\\\\"] }"),
               R"("{""a"":[1,""b  \"" c\\""]}")");
    ck_text_eq(cell_of(column(type), " [ 1 ] "), "[1]");
    ck_text_eq(cell_of(column(type), "-1.5E3", {}, true), "-1.5E3");
    ck_text_eq(cell_of(column(type), "null"), "null");
    ck_text_eq(cell_of(column(type, true), "[1, 2]"), R"("[1, 2]")");
  }
}
END_TEST

START_TEST(csv_safe_prefixes_what_is_no_number) {
  for (const char* const number : {"-1", "+1", "-1.5", "+0.25e+10", "-1e5", "-2.5e-3", "0", "1=", " =1"})
    ck_text_eq(text_cell(number, true), number);
  for (const std::string formula :
       {"=1", "=", "-", "+", "@a", "-a", "-1.", "-.5", "-1e", "-1E5", "+1+1", "--1", "\tx", "-Infinity"})
    ck_text_eq(text_cell(formula, true), "'" + formula);
  ck_text_eq(text_cell("\r=", true), "\"'\r=\"");
  ck_text_eq(text_cell("=\"a\",", true), R"("'=""a"",")");
  ck_text_eq(text_cell("", true), R"("")");
  ck_text_eq(cell_of(column(ColumnType::float8), "-Infinity", {}, true), "'-Infinity");
  ck_text_eq(cell_of(column(ColumnType::int4), "-5", {}, true), "-5");
  ck_text_eq(cell_of(column(ColumnType::bytea), "\\xfb", {}, true), "'+w==");
  ck_text_eq(cell_of(column(ColumnType::bytea), "\\x00", {}, true), "AA==");
}
END_TEST

Api three_columns() {
  Api api;
  api.columns = {column(ColumnType::int4), column(ColumnType::timestamptz, false, true),
                 column(ColumnType::json)};
  for (size_t i = 0; i < 3; ++i) {
    api.columns[i].name = i == 0 ? "a" : i == 1 ? "at, \"x\"" : "t";
    api.columns[i].key = i == 0 ? "\"a\":" : i == 1 ? "\"at\":" : "\"t\":";
  }
  api.max_records = 2;
  api.csv.header = csv_header(api);
  return api;
}

struct Written {
  std::string text;
  size_t rows;
  bool cut;
};

Written answer(const Api& api, Format format, int rows) {
  StringSink sink;
  RowWriter writer(api, "r1", sink, nullptr, format);
  ck_assert(writer.begin());
  for (int i = 0; i < rows; ++i) {
    const std::string number = std::to_string(i);
    const Cell cells[] = {testing::cell(number), testing::cell("2025-01-31 00:00:00+00"),
                          testing::cell("2025-01-31 08:00:00"), i == 0 ? testing::cell("[1,\n2]") : Cell{}};
    ck_assert(writer.row(cells));
  }
  ck_assert(writer.end());
  return {sink.text, writer.rows(), writer.cut()};
}

START_TEST(lines_of_csv_and_ndjson) {
  const Api api = three_columns();
  const std::string header = "a,\"at, \"\"x\"\"\",t\r\n";
  ck_text_eq(answer(api, Format::csv, 0).text, header);
  const std::string csv =
      header + "0,2025-01-31T08:00:00+08:00,\"[1,2]\"\r\n1,2025-01-31T08:00:00+08:00,\r\n";
  ck_text_eq(answer(api, Format::csv, 2).text, csv);
  ck_text_eq(answer(api, Format::ndjson, 0).text, "");
  const std::string lines =
      "{\"a\":0,\"at\":\"2025-01-31T08:00:00+08:00\",\"t\":[1,2]}\n"
      "{\"a\":1,\"at\":\"2025-01-31T08:00:00+08:00\",\"t\":null}\n";
  ck_text_eq(answer(api, Format::ndjson, 2).text, lines);
  for (const Format format : {Format::csv, Format::ndjson}) {
    ck_assert(!answer(api, format, 2).cut);
    const Written cut = answer(api, format, 4);
    ck_text_eq(cut.text, format == Format::csv ? csv : lines);
    ck_assert(cut.cut && cut.rows == 2);
  }
}
END_TEST

START_TEST(names_of_files) {
  ck_text_eq(csv_disposition("Query User_1-x"), "attachment; filename=\"Query-User_1-x.csv\"");
  ck_text_eq(csv_disposition("a.b\"\\;"), "attachment; filename=\"a_b___.csv\"");
  ck_text_eq(csv_disposition("\xE6\x9F\xA5\xE8\xAF\xA2 a"),
             "attachment; filename=\"__-a.csv\"; filename*=UTF-8''%E6%9F%A5%E8%AF%A2-a.csv");
}
END_TEST

START_TEST(no_memory_is_reported) {
  const Api api = three_columns();
  const Cell cells[] = {testing::cell("1"), testing::cell("2025-01-31 00:00:00+00"),
                        testing::cell("2025-01-31 08:00:00"), testing::cell("[]")};
  for (const Format format : {Format::csv, Format::ndjson}) {
    for (int left = 0; left < (format == Format::csv ? 2 : 1); ++left) {
      FullSink sink(left);
      RowWriter writer(api, "", sink, nullptr, format);
      ck_assert(!(writer.begin() && writer.row(cells) && writer.end()));
    }
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_csv_writer", texts_are_quoted_where_they_have_to_be, cells_are_the_texts_of_json_values,
                json_is_compact, csv_safe_prefixes_what_is_no_number, lines_of_csv_and_ndjson, names_of_files,
                no_memory_is_reported);
