// Files of rows, cut into records and converted to fields of COPY: both formats
// with pieces of every size, charsets, nulls, times, nested values.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/refusal.hpp"
#include "cli/table/csv_options.hpp"
#include "source/csv/charset.hpp"
#include "source/csv/field_writer.hpp"
#include "source/csv/line_map.hpp"
#include "source/csv/record_reader.hpp"
#include "source/file_list.hpp"
#include "source/maxcompute/maxcompute_value.hpp"
#include "source/maxcompute/nested_text.hpp"
#include "source/partition_text.hpp"

#include "loader_pieces.hpp"
#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;

using tablegate::core::ColumnType;
using tablegate::loader::testing::Pieces;
using tablegate::loader::testing::same_text;

namespace {

// "1:[a][b]|2:[c]": lines and fields; quoted ones in <>. Behind a record with a fault, "inside N", "behind
// N" or "joined N" with the field.
std::string records(const std::string& bytes, const CsvOptions& options, size_t step) {
  Pieces source(bytes, step);
  RecordReader reader(source, options, "f");
  std::string text;
  try {
    while (reader.next()) {
      text += (text.empty() ? "" : "|") + std::to_string(reader.line()) + ":";
      for (const RecordField& field : reader.fields())
        text += (field.quoted ? "<" : "[") + std::string(field.text) + (field.quoted ? ">" : "]");
      if (reader.fault() != nullptr) {
        const std::string fault = reader.fault();
        text += fault == kQuoteInside ? "inside " : fault == kTextBehindQuote ? "behind " : "joined ";
        text += std::to_string(reader.fault_field());
      }
    }
  } catch (const Refused& refused) {
    text += std::string("!") + refused.what();
  }
  return text;
}

void expect(const std::string& bytes, const CsvOptions& options, const std::string& wanted) {
  for (size_t step = 1; step <= bytes.size() + 1; ++step) same_text(records(bytes, options, step), wanted);
}

CsvOptions text_options(const std::string& delimiter, const std::string& end = {}) {
  CsvOptions options;
  options.format = RowFormat::text;
  options.delimiter = delimiter;
  options.record_end = end;
  return options;
}

START_TEST(csv_records) {
  CsvOptions csv;
  expect("a,b\r\nc,d\n", csv, "1:[a][b]|2:[c][d]");
  expect("a,b", csv, "1:[a][b]");
  expect("", csv, "");
  expect("\n\n", csv, "1:[]|2:[]");
  expect("\"a,\"\"b\",\n\"x\r\ny\",z\nq", csv, "1:<a,\"b>[]|2:<x\r\ny>[z]|4:[q]");
  expect("a\rb\rc", csv, "1:[a]|2:[b]|3:[c]");
  expect("a\n\"b", csv, "1:[a]!f, line 2: the record that begins here does not end (an open quote?)");
  csv.delimiter = ";";
  expect("a,b;c\n", csv, "1:[a,b][c]");
}
END_TEST

// RFC 4180 knows quotes around whole fields only: others never join a record with the next one.
START_TEST(stray_quotes) {
  CsvOptions csv;
  expect("1,pipe 5\",steel\n2,pipe 6\",brass\n", csv,
         "1:[1][pipe 5\"][steel]inside 1|2:[2][pipe 6\"][brass]inside 1");
  expect("1,\"a\"b,c\n2,\"x\"\n", csv, "1:[1]<a>[c]behind 1|2:[2]<x>");
  expect("\"a\" ,b\r\n \"a\",b", csv, "1:<a>[b]behind 0|2:[ \"a\"][b]inside 0");
  expect("\"a\"b\"c\nd\"\"", csv, "1:<a>behind 0|2:[d\"\"]inside 0");
  expect("\"a\"\"\",\"\",\"\"\"\"", csv, "1:<a\"><><\">");
  csv.quotes = CsvQuotes::lenient;
  expect("1,pipe 5\",\"3\" long\"\n2,\"a\"\"b\",\"\"\n", csv, "1:[1][pipe 5\"]<3\" long>|2:[2]<a\"b><>");
  expect("\"a\"b,c\"\n \"d\",e", csv, "1:<a\"b,c>|2:[ \"d\"][e]");
  // Such a quote and a line end in one field: the row is bad, the next one is not lost.
  expect("1,\"a\"b,,\n2,\"c\",,\n", csv, "1:[1]<a>[][]joined 1|2:[2]<c>[][]");
  expect("\"a\"b,c\r\"d\"\"\",e", csv, "1:<a>[c]joined 0|2:<d\">[e]");
  expect("1,\"a\n2,\"c\",x\n3,y", csv, "1:[1]<a\n2,>[x]joined 1|3:[3][y]");
  expect("\"a\"b\"\"\nc", csv, "1:<a>joined 0|2:[c]");
  expect("\"a\" b", csv, "1:<a>joined 0");
  expect("\"a\nb", csv, "!f, line 1: the record that begins here does not end (an open quote?)");
  csv.quotes = CsvQuotes::none;
  expect("\"a,b\"\r\n\"\",\"", csv, "1:[\"a][b\"]|2:[\"\"][\"]");
}
END_TEST

// "1:|3:a|": the rows' lines and texts.
std::string rows(const std::string& bytes, const CsvOptions& options, size_t step) {
  Pieces source(bytes, step);
  RecordReader reader(source, options, "f");
  std::string text;
  while (reader.next_row()) {
    text += std::to_string(reader.line()) + ":" + std::string(reader.raw()) + "|";
    ck_assert_uint_eq(reader.fields().size(), 1);
    ck_assert(reader.fields()[0].text == reader.raw() && reader.fault() == nullptr);
  }
  return text;
}

// Empty lines are rows of one column, but not at the end.
START_TEST(empty_last_lines) {
  for (size_t step = 1; step < 12; ++step) {
    same_text(rows("a\n\n", {}, step), "1:a|");
    same_text(rows("a\r\n\r\n\r\n", {}, step), "1:a|");
    same_text(rows("\n\na\n\n\nb\n\n", {}, step), "1:|2:|3:a|4:|5:|6:b|");
    same_text(rows("\n\n", {}, step), "");
    same_text(rows("", {}, step), "");
    same_text(rows("a\n\nb", {}, step), "1:a|2:|3:b|");
    same_text(rows("a\r\r\rb\r\r", {}, step), "1:a|2:|3:|4:b|");
    same_text(rows("\2a\2\2", text_options(",", "\2"), step), "1:|1:a|");
    same_text(rows("a\n\nb\n\n", text_options(","), step), "1:a|2:|3:b|");
  }
}
END_TEST

START_TEST(text_records) {
  expect("\"a\",\\N\n,b\n", text_options(","), "1:[\"a\"][\\N]|2:[][b]");
  expect("a\r\nb\nc\r\n", text_options(","), "1:[a]|2:[b\nc]");
  expect("a||b|c||\1\2d\1\2", text_options("||", "\1\2"), "1:[a][b|c][]|1:[d]");
  expect("\n", text_options(","), "1:[]");
}
END_TEST

START_TEST(whole_records_only) {
  CsvOptions csv;
  same_text(records(std::string(RecordReader::kMaxFields, ','), csv, 1 << 20),
            "!f, line 1: the record that begins here has more than 10000 fields");
  const std::string open = "x\n\"" + std::string(RecordReader::kMaxRecord + (1 << 20), 'y') + "\"\n";
  same_text(records(open, csv, 1 << 20),
            "1:[x]!f, line 2: the record that begins here does not end (an open quote?)");
}
END_TEST

START_TEST(lines_of_rows) {
  LineMap lines;
  for (const uint64_t line : {2, 3, 6, 7, 8, 20}) lines.add(line);
  const std::vector<uint64_t> found = {lines.line_of(1), lines.line_of(2), lines.line_of(3), lines.line_of(5),
                                       lines.line_of(6)};
  ck_assert(found == std::vector<uint64_t>({2, 3, 6, 8, 20}));
  ck_assert_uint_eq(lines.line_of(7), 0);
  LineMap many;
  for (uint64_t row = 1; row <= 3000000; ++row) many.add(row * 2);
  ck_assert_uint_eq(many.line_of(3000000), 6000000);
  ck_assert_uint_eq(many.line_of(1), 0);  // dropped
}
END_TEST

std::string utf8_of(const std::string& bytes, const std::string& charset, size_t step) {
  TextSource source(std::make_unique<Pieces>(bytes, step), charset);
  std::string text;
  char buffer[7];
  while (const size_t got = source.read(buffer, sizeof buffer)) text.append(buffer, got);
  return text;
}

START_TEST(charsets) {
  const std::string gbk = "a\xd6\xd0\xce\xc4,b\n";  // 中文
  for (size_t step = 1; step < 10; ++step) {
    same_text(utf8_of(gbk, "gbk", step), "a中文,b\n");
    same_text(utf8_of("\xef\xbb\xbfü", "gbk", step), "ü");
    same_text(utf8_of(std::string("\xff\xfe\x2d\x4e\n\0", 6), "", step), "中\n");
    same_text(utf8_of(std::string("\0\0\xfe\xff\0\0\x4e\x2d", 8), "", step), "中");
    same_text(utf8_of("a\xff,b\xd6", "gbk", step), "a\xff,b\xff");
    same_text(utf8_of(std::string("a\0\0\xd8"
                                  "b\0",
                                  6),
                      "utf-16le", step),
              "a\xff"
              "b");
    same_text(utf8_of("\xff\xfe", "latin1", step), "");
    same_text(utf8_of("", "gbk", step), "");
    same_text(utf8_of("\xe4", "latin1", step), "ä");
    same_text(utf8_of("a\xff", "", step), "a\xff");
  }
  for (const char* name : {"klingon", "utf-8//IGNORE", "gbk//TRANSLIT"}) {
    bool refused = false;
    try {
      utf8_of("a", name, 1);
    } catch (const Refused&) {
      refused = true;
    }
    ck_assert_msg(refused, "%s", name);
  }
}
END_TEST

START_TEST(order_of_files) {
  std::vector<std::string> names = {"f_10", "f_9", "f_09", "f_", "f_1b", "f_1", "e", "f_10.csv", "g"};
  std::sort(names.begin(), names.end(), in_number_order);
  ck_assert(names ==
            std::vector<std::string>({"e", "f_", "f_1", "f_1b", "f_09", "f_9", "f_10", "f_10.csv", "g"}));
}
END_TEST

std::string field(const std::string& sql_type, ColumnType type, const std::string& text, bool quoted,
                  const std::string& null, const std::string& nested = {}) {
  CsvOptions options;
  options.null = null;
  TableColumn column;
  column.name = "c";
  column.type = type;
  column.sql_type = sql_type;
  CopyText copy;
  try {
    const DdlType type_of = nested.empty() ? DdlType() : parse_type_text(nested, "column");
    FieldWriter(column, options, nested.empty() ? nullptr : &type_of).write({text, quoted}, copy);
  } catch (const BadValue& bad) {
    return std::string("!") + bad.what();
  } catch (const BadTime& bad) {
    return std::string("!") + bad.what();
  }
  copy.end_row();
  std::string row = copy.take();
  row.pop_back();
  return row;
}

START_TEST(fields) {
  const auto text = [](const std::string& value, bool quoted, const std::string& null) {
    return field("text", ColumnType::text, value, quoted, null);
  };
  same_text(text("", false, ""), "\\N");
  same_text(text("", true, ""), "");
  same_text(text("", false, "\\N"), "");
  same_text(text("\\N", false, "\\N"), "\\N");
  same_text(text("\\N", true, "\\N"), "\\\\N");
  same_text(text("a\tb\\\n", false, ""), "a\\tb\\\\\\n");
  const auto number = [](const std::string& value, bool quoted, const std::string& null) {
    return field("bigint", ColumnType::int8, value, quoted, null);
  };
  same_text(number("", true, ""), "\\N");
  same_text(number("", false, "NULL"), "\\N");
  same_text(number("NULL", true, "NULL"), "\\N");
  same_text(number("12", false, ""), "12");
  const auto bytes = [](const std::string& value) {
    return field("bytea", ColumnType::bytea, value, true, "");
  };
  same_text(bytes("\\x00fF"), "\\\\x00fF");
  same_text(bytes("\\x0"), "\\\\x5c7830");
  same_text(bytes(std::string("\0\xff", 2)), "\\\\x00ff");
  same_text(bytes(""), "\\\\x");
  const auto moment = [](const std::string& type, const std::string& value) {
    return field(type, ColumnType::timestamptz, value, false, "");
  };
  same_text(moment("timestamptz(6)", "2026-01-31 08:00:00.123456789"), "2026-01-31 08:00:00.123456");
  same_text(moment("timestamptz(3)", "2026-01-31 08:00:00.999999+05:30"), "2026-01-31 08:00:00.999+05:30");
  same_text(moment("timestamptz(3)", "2026-01-31T08:00:00.5Z"), "2026-01-31T08:00:00.5Z");
  same_text(moment("timestamptz(3)", "31.01.2026 08:00"),
            "!\"31.01.2026 08:00\" is no ISO 8601 time (2026-01-31 08:00:00)");
  same_text(moment("timestamptz", ""), "\\N");
}
END_TEST

std::string iso(const std::string& text, TimeKind kind) {
  try {
    check_iso_time(text, kind);
    return "";
  } catch (const BadTime& bad) {
    return bad.what();
  }
}

START_TEST(iso_times) {
  for (const char* text :
       {"2026-07-02", "20260702", " 2026-07-02 ", "2026-07-02 12:00", "2026-07-02T12:00:00",
        "2026-07-02t12:00:00.123456789", "2026-07-02 12:00:00Z", "2026-07-02 12:00:00z",
        "2026-07-02 12:00:00+08", "2026-07-02 12:00:00.5-0830", "2026-07-02 12:00:00+08:00",
        "2026-07-02 12:00:00 +08:00", "20260702T120000Z", "20260702T120000.5+0800"})
    same_text(iso(text, TimeKind::instant), "");
  for (const char* text : {"",
                           "now",
                           "today",
                           "infinity",
                           "-infinity",
                           "epoch",
                           "allballs",
                           "02-JUL-26",
                           "July 2 2026",
                           "2026-7-2",
                           "2026/07/02",
                           "26-07-02",
                           "260702",
                           "2026-07-02 8:00",
                           "2026-07-02T",
                           "2026-07-02 12",
                           "2026-07-02 12:00:",
                           "2026-07-02 12:00:0",
                           "2026-07-02 12:00:00.",
                           "12026-07-02",
                           "2026-07",
                           "2026-W27-4",
                           "2026183",
                           "20260702 120000",
                           "20260702T1200",
                           "Thu 2026-07-02",
                           "2026-07-02 CST",
                           "2026-07-02Z",
                           "J2461224",
                           "02.07.2026",
                           "2026-07-02\t12:00:00"}) {
    const std::string said = iso(text, TimeKind::instant);
    ck_assert_msg(said.find("is no ISO 8601 time (") != std::string::npos, "%s: %s", text, said.c_str());
  }
  for (const char* word : {"CST", "GMT+08:00", "UTC", "PM", "BC", "+8", "+08:0", "+08:00:00", "+080000",
                           "Asia/Shanghai", "+08:00 DST", "-"}) {
    const std::string said = iso(std::string("2026-07-02 12:00:00 ") + word, TimeKind::instant);
    ck_assert_msg(said.find(std::string("ends in \"") + word + "\"") != std::string::npos, "%s: %s", word,
                  said.c_str());
  }
  const std::string zone = "\"2026-07-02 12:00:00+08\" has an offset, which a column ";
  same_text(iso("2026-07-02 12:00:00+08", TimeKind::local), zone + "without time zone cannot keep");
  same_text(iso("2026-07-02 12:00:00+08", TimeKind::date), zone + "of type DATE cannot keep");
  same_text(iso("2026-07-02T12:00:00", TimeKind::local), "");
  same_text(iso("2026-07-02 00:00:00.000", TimeKind::date), "");
  same_text(iso("2026-07-02 00:00:00.001", TimeKind::date),
            "\"2026-07-02 00:00:00.001\" has a time of day, which a column of type DATE cannot keep");
}
END_TEST

std::string formatted(const std::vector<std::string>& formats, const std::string& text,
                      TimeKind kind = TimeKind::instant) {
  std::vector<TimeFormat> all;
  for (const std::string& format : formats) all.emplace_back(format);
  try {
    return read_formatted_time(text, kind, all);
  } catch (const BadTime& bad) {
    return std::string("!") + bad.what();
  }
}

START_TEST(time_formats) {
  same_text(formatted({"%d.%m.%Y %H:%M"}, "2.7.2026  08:05"), "2026-07-02 08:05:00");
  same_text(formatted({"%d-%b-%y"}, "02-JUL-26"), "2026-07-02 00:00:00");
  same_text(formatted({"%d-%b-%y"}, "02-July-69", TimeKind::date), "1969-07-02");
  same_text(formatted({"%d %B %Y"}, "2 May 2026", TimeKind::local), "2026-05-02 00:00:00");
  same_text(formatted({"%m/%d/%Y %I:%M:%S.%f %p"}, "07/02/2026 12:00:01.5 AM"), "2026-07-02 00:00:01.5");
  same_text(formatted({"%D %I %p"}, "07/02/26 1 pm"), "2026-07-02 13:00:00");
  same_text(formatted({"%FT%T%z"}, "2026-07-02T12:00:00+08:05:43"), "2026-07-02 12:00:00+08:05:43");
  same_text(formatted({"%F %T CST"}, "2026-07-02 12:00:00 CST"), "2026-07-02 12:00:00");
  same_text(formatted({"%s"}, "1782964800"), "2026-07-02 04:00:00Z");
  same_text(formatted({"%s.%f"}, "-1.25"), "1969-12-31 23:59:59.25Z");
  same_text(formatted({"%F", "%d.%m.%Y 100%%"}, "2.7.2026 100%"), "2026-07-02 00:00:00");
  same_text(formatted({"%F", "%Y%m%d"}, "2026-7-2x"),
            "!\"2026-7-2x\" is not of --time-format \"%F\", \"%Y%m%d\"");
  for (const char* text :
       {"2.13.2026", "32.1.2026", "0.1.2026", "1.1.26", "1.1.0000", "1,1.2026", "1.1.2026 8", ""})
    ck_assert_msg(formatted({"%d.%m.%Y"}, text)[0] == '!', "%s", text);
  for (const char* zone : {"8", "+8", "CST", "+0860", "+08:00:60", "+16"})
    ck_assert_msg(formatted({"%F%z"}, std::string("2026-07-02") + zone)[0] == '!', "%s", zone);
  ck_assert(formatted({"%s"}, "1", TimeKind::local).find("has an offset") != std::string::npos);
  ck_assert(formatted({"%F %R"}, "2026-07-02 08:00", TimeKind::date).find("has a time of day") !=
            std::string::npos);
  for (const char* format : {"", "%H:%M", "%Y-%m", "%F %Z", "%F %q", "%F %", "%F %I", "%F %p", "%F %Y",
                             "%F %f", "%s %F", "%F %H %I %p"}) {
    bool refused = false;
    try {
      const TimeFormat made(format);
    } catch (const WrongUsage&) {
      refused = true;
    }
    ck_assert_msg(refused, "%s", format);
  }
}
END_TEST

START_TEST(nested_values) {
  const auto nested = [](const std::string& type, const std::string& value, const std::string& null = "\\N") {
    return field("jsonb", ColumnType::jsonb, value, true, null, type);
  };
  same_text(nested("array<bigint>", R"(["1","-9223372036854775808",null,"\\N",""])"),
            "[1,-9223372036854775808,null,null,null]");
  same_text(nested("array<string>", R"(["1","\u003cx\u003e","","\\N",2])"), R"(["1","<x>","",null,"2"])");
  same_text(nested("array<string>", R"([""])", ""), R"([""])");
  same_text(nested("array<decimal(38,18)>", R"(["12345678901234567890.123456789012345678"])"),
            "[12345678901234567890.123456789012345678]");
  same_text(nested("array<double>", R"(["NaN","1.0E-30","-Infinity",0.5])"),
            R"(["NaN",1.0E-30,"-Infinity",0.5])");
  same_text(nested("array<boolean>", R"(["true","FALSE",true])"), "[true,false,true]");
  same_text(nested("array<array<int>>", R"(["[\"1\"]",["2"]])"), "[[1],[2]]");
  same_text(nested("map<bigint,json>", R"({"1":"{\"a\":[1.50]}"})"), R"({"1":{"a":[1.50]}})");
  same_text(nested("struct<A:int,b:struct<c:date>>", R"({"a":"1","b":"{\"C\":\"2026-01-01\"}"})"),
            R"({"A":1,"b":{"c":"2026-01-01"}})");
  same_text(nested("struct<a:int,b:int>", R"({"b":"1"})"), R"({"a":null,"b":1})");
  same_text(nested("array<int>", ""), "\\N");
  for (const auto& [type, value, reason] : std::vector<std::array<std::string, 3>>{
           {"array<int>", "[1", "is not JSON of type array"},
           {"array<int>", "{}", "is not JSON of type array"},
           {"array<int>", R"(["x"])", "holds \"x\" where int is expected"},
           {"array<int>", R"(["01"])", "holds \"01\""},
           {"array<int>", "[[1]]", "holds a nested value where int is expected"},
           {"array<array<int>>", R"(["1"])", "is not JSON of type array"},
           {"map<string,json>", R"({"a":"{"})", "holds \"{\" where json is expected"},
           {"struct<a:int>", R"({"a":"1","b":"2"})", "has fields that its STRUCT does not have"},
           {"array<decimal>", R"(["NaN"])", "holds \"NaN\""},
           {"array<date>", R"(["today"])", "\"today\" is no ISO 8601 date"},
           {"map<string,datetime>", R"({"a":"2026-07-02 12:00:00 CST"})", "ends in \"CST\""},
           {"array<timestamp_ntz>", R"(["2026-07-02 12:00:00Z"])", "has an offset"},
           {"array<string>", R"(["\u0000"])", "NUL"}}) {
    const std::string said = nested(type, value);
    ck_assert_msg(said[0] == '!' && said.find(reason) != std::string::npos, "%s %s: %s", type.c_str(),
                  value.c_str(), said.c_str());
  }
}
END_TEST

START_TEST(options) {
  same_text(read_escapes("\\t\\u0001\\x02\\\\|\\u4e2d", "--delimiter"), "\t\1\2\\|中");
  for (const char* text : {"\\", "\\q", "\\u12", "\\xg0"}) {
    bool refused = false;
    try {
      read_escapes(text, "--delimiter");
    } catch (const WrongUsage&) {
      refused = true;
    }
    ck_assert_msg(refused, "%s", text);
  }
  const auto parts = split_partition("DS='20260101'/hh=1", "next");
  ck_assert(parts.size() == 2 && parts[0].first == "ds" && parts[0].second == "20260101" &&
            parts[1].second == "1");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_records", csv_records, stray_quotes, empty_last_lines, text_records,
                whole_records_only, lines_of_rows, charsets, order_of_files, fields, iso_times, time_formats,
                nested_values, options);
