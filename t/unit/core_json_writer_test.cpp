// core/json_writer: PostgreSQL's text of each column type as JSON.
#include "core/answer/json_writer.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>

#include <jansson.h>

#include "core/text/json_plain.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;
using testing::column;
using testing::FullSink;
using testing::written;

namespace {

constexpr ColumnType kNumbers[] = {ColumnType::int2,   ColumnType::int4,   ColumnType::int8,
                                   ColumnType::float4, ColumnType::float8, ColumnType::numeric};
const Column kText = column(ColumnType::text);
const Column kInstant = column(ColumnType::timestamptz, false, true);

START_TEST(null_is_null_in_every_type) {
  for (int type = 0; type <= static_cast<int>(ColumnType::interval); ++type) {
    for (bool as_string : {false, true}) {
      StringSink sink;
      ck_assert(write_value(column(static_cast<ColumnType>(type), as_string), Cell{}, Cell{}, sink));
      ck_text_eq(sink.text, "null");
    }
  }
}
END_TEST

START_TEST(numbers_are_written_as_they_are) {
  for (ColumnType type : kNumbers) {
    for (const char* text :
         {"0", "-0", "10001", "-32768", "9223372036854775807", "-9223372036854775808", "0.10", "-0.5"}) {
      ck_text_eq(written(column(type), text), text);
    }
  }
  ck_text_eq(written(column(ColumnType::float8), "1.7976931348623157e+308"), "1.7976931348623157e+308");
  ck_text_eq(written(column(ColumnType::float4), "1e-45"), "1e-45");
  const std::string digits = std::string(150, '9') + "." + std::string(150, '1');
  ck_text_eq(written(column(ColumnType::numeric), digits), digits);
}
END_TEST

START_TEST(numbers_as_strings_are_quoted) {
  for (ColumnType type : kNumbers) {
    ck_text_eq(written(column(type, true), "9223372036854775807"), "\"9223372036854775807\"");
    ck_text_eq(written(column(type, true), "-0.50"), "\"-0.50\"");
  }
}
END_TEST

START_TEST(nan_and_infinities_are_strings) {
  for (ColumnType type : {ColumnType::float4, ColumnType::float8, ColumnType::numeric}) {
    for (const char* text : {"NaN", "Infinity", "-Infinity"}) {
      const std::string quoted = std::string("\"") + text + "\"";
      ck_text_eq(written(column(type), text), quoted);
      ck_text_eq(written(column(type, true), text), quoted);
    }
  }
}
END_TEST

START_TEST(truth_values_are_true_and_false) {
  ck_text_eq(written(column(ColumnType::boolean), "t"), "true");
  ck_text_eq(written(column(ColumnType::boolean), "f"), "false");
  ck_text_eq(written(column(ColumnType::boolean, true), "t"), "\"true\"");
  ck_text_eq(written(column(ColumnType::boolean, true), "f"), "\"false\"");
}
END_TEST

START_TEST(quotes_backslashes_and_all_controls_are_escaped) {
  ck_text_eq(written(kText, ""), R"("")");
  ck_text_eq(written(kText, "a\"b\\c/d"), R"("a\"b\\c/d")");
  ck_text_eq(written(kText, "\b\f\n\r\t"), R"("\b\f\n\r\t")");
  for (int c = 0; c < 0x80; ++c) {
    const std::string text(1, static_cast<char>(c));
    const std::string json = written(kText, text);
    json_t* read = json_loadb(json.data(), json.size(), JSON_DECODE_ANY | JSON_ALLOW_NUL, nullptr);
    ck_assert_msg(read != nullptr, "%s", json.c_str());
    ck_text_eq(std::string(json_string_value(read), json_string_length(read)), text);
    json_decref(read);
    ck_assert_uint_eq(json.size(),
                      c >= 0x20
                          ? (c == '"' || c == '\\' ? 4U : 3U)
                          : (std::string("\b\f\n\r\t").find(text) != std::string::npos && c != 0 ? 4U : 8U));
  }
  ck_text_eq(written(kText, "\x1f\x01\x7f"), "\"\\u001f\\u0001\x7f\"");
}
END_TEST

START_TEST(all_planes_of_unicode_stay_as_they_are) {
  for (unsigned plane = 0; plane <= 16; ++plane) {
    for (unsigned low : {0xA0U, 0x4F60U, 0xFFFDU}) {
      const unsigned code = plane << 16U | low;
      std::string text;
      if (code < 0x800) {
        text = {static_cast<char>(0xC0 | code >> 6U), static_cast<char>(0x80 | (code & 63U))};
      } else if (code < 0x10000) {
        text = {static_cast<char>(0xE0 | code >> 12U), static_cast<char>(0x80 | (code >> 6U & 63U)),
                static_cast<char>(0x80 | (code & 63U))};
      } else {
        text = {static_cast<char>(0xF0 | code >> 18U), static_cast<char>(0x80 | (code >> 12U & 63U)),
                static_cast<char>(0x80 | (code >> 6U & 63U)), static_cast<char>(0x80 | (code & 63U))};
      }
      ck_text_eq(written(kText, text), "\"" + text + "\"");
      ck_text_eq(written(kText, text + "\n" + text), "\"" + text + "\\n" + text + "\"");
    }
  }
  ck_text_eq(written(kText, "\xE2\x80\xA8\xE2\x80\xA9"), "\"\xE2\x80\xA8\xE2\x80\xA9\"");
}
END_TEST

START_TEST(long_texts_are_escaped_in_one_piece) {
  const std::string text(100000, '"');
  std::string expected = "\"";
  for (size_t i = 0; i < text.size(); ++i) expected += "\\\"";
  ck_text_eq(written(kText, text), expected + "\"");
}
END_TEST

// Each byte that needs an escape, and its neighbours, at each place of texts of each length: with SSE2 and
// without.
START_TEST(the_first_escape_is_found_wherever_it_is) {
  constexpr size_t kLongest = 50;
  for (const int byte :
       {0, 0x1f, 0x22, 0x5c, 0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0x9f, 0xa2, 0xdc, 0xff}) {
    const bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
    for (size_t size = 1; size <= kLongest; ++size) {
      for (size_t place = 0; place < size; ++place) {
        const auto text = std::make_unique<char[]>(size);  // its end is known to a sanitizer
        memset(text.get(), byte == 0xff ? 0x80 : 'x', size);
        text[place] = static_cast<char>(byte);
        const size_t expected = plain ? size : place;
        ck_assert_uint_eq(plain_prefix(text.get(), size), expected);
        ck_assert_uint_eq(plain_prefix_portable(text.get(), size), expected);
        if (place + 1 < size) {
          text[size - 1] = '"';  // the first counts
          ck_assert_uint_eq(plain_prefix(text.get(), size), plain ? size - 1 : place);
          ck_assert_uint_eq(plain_prefix_portable(text.get(), size), plain ? size - 1 : place);
        }
      }
    }
  }
  ck_assert_uint_eq(plain_prefix("", 0), 0);
}
END_TEST

std::string escaped_one_by_one(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const char* const short_form = c == 0 ? nullptr : strchr("\bb\ff\nn\rr\tt\"\"\\\\", c);
    char code[8];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') {
      out += c;
    } else if (short_form != nullptr) {
      out += {'\\', short_form[1]};
    } else {
      snprintf(code, sizeof(code), "\\u%04x", static_cast<unsigned>(c));
      out += code;
    }
  }
  return out + "\"";
}

// Random texts, from those that need no escape to those that are nothing else.
START_TEST(random_texts_are_escaped_as_one_by_one) {
  std::mt19937 random(20261130);
  for (int i = 0; i < 20000; ++i) {
    std::string text(random() % 80, 'x');
    const unsigned share = random() % 5;
    for (char& c : text) {
      if (random() % 4 < share) c = static_cast<char>(random() % (share > 2 ? 40 : 256));
    }
    ck_text_eq(written(kText, text), escaped_one_by_one(text));
  }
}
END_TEST

START_TEST(dates_are_iso_and_bc_and_infinity_are_postgresql_s_text) {
  for (const char* text : {"2025-01-31", "0001-01-01", "9999-12-31", "10000-01-01", "5874897-12-31",
                           "0044-03-15 BC", "infinity", "-infinity"}) {
    ck_text_eq(written(column(ColumnType::date), text), std::string("\"") + text + "\"");
  }
}
END_TEST

START_TEST(timestamps_have_a_t_and_keep_their_fraction) {
  const Column timestamp = column(ColumnType::timestamp);
  ck_text_eq(written(timestamp, "2025-01-31 08:00:00"), R"("2025-01-31T08:00:00")");
  ck_text_eq(written(timestamp, "2025-01-31 08:00:00.5"), R"("2025-01-31T08:00:00.5")");
  ck_text_eq(written(timestamp, "2025-01-31 08:00:00.000001"), R"("2025-01-31T08:00:00.000001")");
  ck_text_eq(written(timestamp, "10000-01-01 00:00:00"), R"("10000-01-01 00:00:00")");
  ck_text_eq(written(timestamp, "0044-03-15 12:00:00 BC"), R"("0044-03-15 12:00:00 BC")");
  ck_text_eq(written(timestamp, "infinity"), R"("infinity")");
  ck_text_eq(written(timestamp, "-infinity"), R"("-infinity")");
}
END_TEST

START_TEST(instants_without_a_wall_clock_are_utc) {
  const Column utc = column(ColumnType::timestamptz);
  ck_text_eq(written(utc, "2025-01-31 00:00:00+00"), R"("2025-01-31T00:00:00+00:00")");
  ck_text_eq(written(utc, "2025-01-31 00:00:00.25+00"), R"("2025-01-31T00:00:00.25+00:00")");
  ck_text_eq(written(utc, "10000-01-01 00:00:00+00"), R"("10000-01-01 00:00:00+00")");
}
END_TEST

START_TEST(instants_show_the_wall_clock_and_its_offset) {
  ck_text_eq(written(kInstant, "2025-01-31 00:00:00+00", "2025-01-31 08:00:00"),
             R"("2025-01-31T08:00:00+08:00")");
  ck_text_eq(written(kInstant, "2025-01-31 02:00:00.123456+00", "2025-01-30 22:30:00.123456"),
             R"("2025-01-30T22:30:00.123456-03:30")");
  ck_text_eq(written(kInstant, "1890-01-01 00:00:00+00", "1890-01-01 08:05:43"), R"("1890-01-01T00:00:00Z")");
  ck_text_eq(written(kInstant, "1890-01-01 00:00:00+00", "1889-12-31 23:59:01"), R"("1890-01-01T00:00:00Z")");
  ck_text_eq(written(kInstant, "2025-01-01 00:00:00+00", "2025-01-01 00:00:00"),
             R"("2025-01-01T00:00:00+00:00")");
  ck_text_eq(written(kInstant, "2025-01-01 10:30:00+00", "2025-01-02 00:30:00"),
             R"("2025-01-02T00:30:00+14:00")");
}
END_TEST

START_TEST(offsets_are_right_over_ends_of_months_years_and_leap_days) {
  ck_text_eq(written(kInstant, "2024-02-29 20:00:00+00", "2024-03-01 04:00:00"),
             R"("2024-03-01T04:00:00+08:00")");
  ck_text_eq(written(kInstant, "2025-02-28 20:00:00+00", "2025-03-01 04:00:00"),
             R"("2025-03-01T04:00:00+08:00")");
  ck_text_eq(written(kInstant, "1900-02-28 20:00:00+00", "1900-03-01 04:00:00"),
             R"("1900-03-01T04:00:00+08:00")");
  ck_text_eq(written(kInstant, "2024-12-31 20:00:00+00", "2025-01-01 04:00:00"),
             R"("2025-01-01T04:00:00+08:00")");
  ck_text_eq(written(kInstant, "9999-12-31 20:00:00+00", "10000-01-01 04:00:00"),
             R"("9999-12-31T20:00:00Z")");
  ck_text_eq(written(kInstant, "2025-01-01 02:00:00+00", "2024-12-31 22:00:00"),
             R"("2024-12-31T22:00:00-04:00")");
}
END_TEST

START_TEST(the_two_sides_of_a_daylight_saving_change_differ) {
  ck_text_eq(written(kInstant, "2025-11-02 05:30:00+00", "2025-11-02 01:30:00"),
             R"("2025-11-02T01:30:00-04:00")");
  ck_text_eq(written(kInstant, "2025-11-02 06:30:00+00", "2025-11-02 01:30:00"),
             R"("2025-11-02T01:30:00-05:00")");
}
END_TEST

START_TEST(instants_bc_or_infinite_are_postgresql_s_text) {
  ck_text_eq(written(kInstant, "infinity", "infinity"), R"("infinity")");
  ck_text_eq(written(kInstant, "-infinity", "-infinity"), R"("-infinity")");
  ck_text_eq(written(kInstant, "0044-03-15 12:00:00+00 BC", "0044-03-15 20:00:00 BC"),
             R"("0044-03-15 12:00:00+00 BC")");
  ck_text_eq(written(kInstant, "0001-12-31 20:00:00+00 BC", "0001-01-01 04:00:00"),
             R"("0001-12-31 20:00:00+00 BC")");
  ck_text_eq(written(kInstant, "0001-01-01 00:00:00+00", "0001-12-31 19:00:00 BC"),
             R"("0001-01-01T00:00:00Z")");
  ck_text_eq(written(kInstant, "0001-01-01 00:00:00.5+00", "0001-12-31 19:00:00.5 BC"),
             R"("0001-01-01T00:00:00.5Z")");
  ck_text_eq(written(kInstant, "10000-01-01 02:00:00+00", "9999-12-31 22:00:00"),
             R"("9999-12-31T22:00:00-04:00")");
  ck_text_eq(written(kInstant, "10000-01-01 00:00:00+00", "10000-01-01 08:00:00"),
             R"("10000-01-01 00:00:00+00")");
}
END_TEST

START_TEST(bytes_are_padded_base64) {
  const Column bytea = column(ColumnType::bytea);
  ck_text_eq(written(bytea, "\\x"), R"("")");
  ck_text_eq(written(bytea, "\\x66"), R"("Zg==")");
  ck_text_eq(written(bytea, "\\x666f"), R"("Zm8=")");
  ck_text_eq(written(bytea, "\\x666f6f"), R"("Zm9v")");
  ck_text_eq(written(bytea, "\\x666f6f62"), R"("Zm9vYg==")");
  ck_text_eq(written(bytea, "\\x666f6f6261"), R"("Zm9vYmE=")");
  ck_text_eq(written(bytea, "\\x666f6f626172"), R"("Zm9vYmFy")");
  ck_text_eq(written(bytea, "\\x000000"), R"("AAAA")");
  ck_text_eq(written(bytea, "\\xffffff"), R"("////")");
  ck_text_eq(written(bytea, "\\xfbefbe"), R"("++++")");
  ck_text_eq(written(bytea, "\\x00ff"), R"("AP8=")");
}
END_TEST

START_TEST(json_columns_stay_as_they_are_or_become_strings) {
  for (ColumnType type : {ColumnType::json, ColumnType::jsonb}) {
    ck_text_eq(written(column(type), R"({"a": [1, null]})"), R"({"a": [1, null]})");
    ck_text_eq(written(column(type, true), R"({"a":1})"), R"("{\"a\":1}")");
  }
}
END_TEST

START_TEST(intervals_are_strings) {
  ck_text_eq(written(column(ColumnType::interval), "1 day 02:03:04"), R"("1 day 02:03:04")");
}
END_TEST

START_TEST(a_text_that_the_type_cannot_have_is_still_a_json_string) {
  const std::string odd = "a \"b\"\n.\"";
  for (ColumnType type :
       {ColumnType::int4, ColumnType::numeric, ColumnType::float8, ColumnType::date, ColumnType::timestamp,
        ColumnType::timestamptz, ColumnType::bytea, ColumnType::interval}) {
    ck_text_eq(written(column(type), odd), "\"a \\\"b\\\"\\n.\\\"\"");
  }
  const std::string utc = "\"2025-01-01T00:00:00Z\"";
  for (const char* wall :
       {"odd", "2025-01-01", "2025-01-01 00:00:00.\"", "2025-01-01 00:00.5", "2031-01-01 00:00:00",
        "99999999999999999999999-01-01 00:00:00", "-1--1--1 ::", "2025-01-01 00:00:00:00"}) {
    ck_text_eq(written(kInstant, "2025-01-01 00:00:00+00", wall), utc);
  }
}
END_TEST

Api two_columns(ResultShape shape) {
  Api api;
  api.result = shape;
  api.columns = {column(ColumnType::int4), column(ColumnType::timestamptz, false, true),
                 column(ColumnType::text)};
  api.columns[0].key = "\"a\":";
  api.columns[1].key = "\"at\":";
  api.columns[2].key = "\"t\":";
  return api;
}

std::string answer(const Api& api, int rows) {
  StringSink sink;
  RowWriter writer(api, "r\"1", sink);
  ck_assert(writer.begin());
  for (int i = 0; i < rows; ++i) {
    const std::string number = std::to_string(i);
    const Cell cells[] = {testing::cell(number), testing::cell("2025-01-31 00:00:00+00"),
                          testing::cell("2025-01-31 08:00:00"), Cell{}};
    ck_assert(writer.row(cells));
  }
  ck_assert(writer.end());
  return sink.text;
}

START_TEST(lists_hold_every_row_in_declared_order) {
  const Api api = two_columns(ResultShape::list);
  ck_assert_uint_eq(output_columns(api), 4);
  ck_text_eq(answer(api, 0), R"({"data":[],"success":true})");
  ck_text_eq(answer(api, 1),
             R"({"data":[{"a":0,"at":"2025-01-31T08:00:00+08:00","t":null}],"success":true})");
  ck_text_eq(answer(api, 2), R"({"data":[{"a":0,"at":"2025-01-31T08:00:00+08:00","t":null},)"
                             R"({"a":1,"at":"2025-01-31T08:00:00+08:00","t":null}],"success":true})");
}
END_TEST

START_TEST(the_envelope_of_dataworks) {
  const std::string row = R"({"a":0,"at":"2025-01-31T08:00:00+08:00","t":null})";
  const std::string end = R"(,"errCode":0,"errMsg":"success","requestId":"r\"1","apiLog":null})";
  Api api = two_columns(ResultShape::list);
  api.envelope = Envelope::dataworks;
  ck_text_eq(answer(api, 0), R"({"data":[])" + end);
  ck_text_eq(answer(api, 1), R"({"data":[)" + row + "]" + end);
  api.result = ResultShape::object;
  ck_text_eq(answer(api, 0), R"({"data":null)" + end);
  ck_text_eq(answer(api, 1), R"({"data":)" + row + end);
}
END_TEST

START_TEST(a_list_is_cut_at_max_records) {
  Api api = two_columns(ResultShape::list);
  api.max_records = 2;
  for (int rows = 0; rows < 4; ++rows) {
    StringSink sink;
    RowWriter writer(api, "r\"1", sink);
    ck_assert(writer.begin());
    for (int i = 0; i < rows; ++i) {
      const Cell cells[] = {testing::cell("1"), Cell{}, Cell{}, Cell{}};
      ck_assert(writer.row(cells));
    }
    ck_assert(writer.end());
    ck_assert_uint_eq(writer.rows(), static_cast<size_t>(std::min(rows, 2)));
    ck_assert_int_eq(writer.cut(), rows > 2);
  }
  ck_text_eq(answer(api, 3), answer(api, 2));
}
END_TEST

START_TEST(an_object_is_the_first_row_or_null) {
  const Api api = two_columns(ResultShape::object);
  ck_text_eq(answer(api, 0), R"({"data":null,"success":true})");
  const std::string one = R"({"data":{"a":0,"at":"2025-01-31T08:00:00+08:00","t":null},"success":true})";
  ck_text_eq(answer(api, 1), one);
  ck_text_eq(answer(api, 3), one);
}
END_TEST

// Rows are written into room that is reserved for the whole row: more where escapes need it.
START_TEST(a_row_is_its_values_one_by_one) {
  std::mt19937 random(1130);
  const Api api = two_columns(ResultShape::list);
  for (int i = 0; i < 3000; ++i) {
    std::string text(random() % 300, 'x');
    const unsigned share = random() % 4;
    for (char& c : text) c = random() % 3 < share ? static_cast<char>(random() % 36) : c;
    const std::string number = std::to_string(random());
    const Cell cells[] = {random() % 9 == 0 ? Cell{} : testing::cell(number),
                          testing::cell("2025-01-31 00:00:00+00"), testing::cell("2025-01-31 08:00:00"),
                          Cell{text.data(), text.size()}};
    StringSink sink;
    RowWriter writer(api, "r", sink);
    ck_assert(writer.row(cells) && writer.row(cells));
    StringSink expected;
    for (const char* before : {"{", ",{"}) {
      ck_assert(write_text(before, expected));
      const Cell* cell = cells;
      for (const Column& each : api.columns) {
        if (cell != cells) ck_assert(write_text(",", expected));
        ck_assert(write_text(each.key, expected));
        ck_assert(write_value(each, cell[0], each.wall ? cell[1] : Cell{}, expected));
        cell += each.wall ? 2 : 1;
      }
      ck_assert(write_text("}", expected));
    }
    ck_text_eq(sink.text, expected.text);
  }
}
END_TEST

START_TEST(no_memory_is_told_at_every_step) {
  for (int type = 0; type <= static_cast<int>(ColumnType::interval); ++type) {
    FullSink none(0);
    ck_assert(!write_value(column(static_cast<ColumnType>(type)), testing::cell("1"), Cell{}, none));
    ck_assert(!write_value(column(static_cast<ColumnType>(type)), Cell{}, Cell{}, none));
  }
  const Api api = two_columns(ResultShape::list);
  const Cell cells[] = {testing::cell("1"), testing::cell("2025-01-31 00:00:00+00"),
                        testing::cell("2025-01-31 08:00:00"), testing::cell("\n")};
  // The beginning, two rows, the end and its envelope.
  for (int left = 0; left <= 5; ++left) {
    FullSink sink(left);
    RowWriter writer(api, "r\"1", sink);
    ck_assert((writer.begin() && writer.row(cells) && writer.row(cells) && writer.end()) == (left == 5));
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_json_writer", a_list_is_cut_at_max_records, null_is_null_in_every_type,
                numbers_are_written_as_they_are, numbers_as_strings_are_quoted,
                nan_and_infinities_are_strings, truth_values_are_true_and_false,
                quotes_backslashes_and_all_controls_are_escaped, all_planes_of_unicode_stay_as_they_are,
                long_texts_are_escaped_in_one_piece, the_first_escape_is_found_wherever_it_is,
                random_texts_are_escaped_as_one_by_one,
                dates_are_iso_and_bc_and_infinity_are_postgresql_s_text,
                timestamps_have_a_t_and_keep_their_fraction, instants_without_a_wall_clock_are_utc,
                instants_show_the_wall_clock_and_its_offset,
                offsets_are_right_over_ends_of_months_years_and_leap_days,
                the_two_sides_of_a_daylight_saving_change_differ,
                instants_bc_or_infinite_are_postgresql_s_text, bytes_are_padded_base64,
                json_columns_stay_as_they_are_or_become_strings, intervals_are_strings,
                a_text_that_the_type_cannot_have_is_still_a_json_string,
                lists_hold_every_row_in_declared_order, an_object_is_the_first_row_or_null,
                the_envelope_of_dataworks, a_row_is_its_values_one_by_one, no_memory_is_told_at_every_step);
