// core/values against a real PostgreSQL: a value that passes the parameter
// check is never rejected by the input function of the column's type.
#include <random>

#include "core_pgtesting.hpp"

using namespace tablegate::core;
using testing::Answer;
using testing::connect;
using testing::Connection;
using testing::query;

namespace {

// Texts similar to the literals of a type: examples, slightly changed, and made of the characters of
// literals.
class Candidates {
 public:
  explicit Candidates(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {}

  std::string next() {
    constexpr std::string_view kLetters = "0123456789012345678901234567890123456789-+.:TZ eE/_,nafiytxBCD'\\";
    std::string text = seeds_[random_() % seeds_.size()];
    const unsigned changes = random_() % 4;
    for (unsigned i = 0; i < changes; ++i) {
      const size_t at = random_() % (text.size() + 1);
      const char letter = kLetters[random_() % kLetters.size()];
      switch (random_() % 5) {
        case 0:
          text.insert(at, 1, letter);
          break;
        case 1:
          if (at < text.size()) text.erase(at, 1);
          break;
        case 2:
          text.insert(at, random_() % 12, static_cast<char>('0' + random_() % 10));
          break;
        default:
          if (at < text.size())
            text[at] = random_() % 3 == 0 ? letter : static_cast<char>('0' + random_() % 10);
      }
    }
    return text;
  }

 private:
  std::vector<std::string> seeds_;
  std::mt19937 random_{20250131};
};

// An array literal of texts.
std::string array_of(const std::vector<std::string>& texts) {
  std::string out = "{";
  for (const std::string& text : texts) {
    out += out.size() > 1 ? ",\"" : "\"";
    for (char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

// Every accepted candidate of 40,000 is passed to the input function of the column's type.
void accepted_values_are_postgresql_s(ParameterType type, ColumnType column, const char* zone,
                                      std::vector<std::string> seeds) {
  const Connection connection = connect();
  Parameter parameter;
  parameter.type = type;
  parameter.column_type = column;
  parameter.time_zone = zone;
  Candidates candidates(std::move(seeds));
  std::vector<std::string> good;
  for (int i = 0; i < 40000; ++i) {
    const std::string candidate = candidates.next();
    BlockArena arena;
    std::string_view detail;
    const std::string_view bound = check_value(parameter, candidate, arena, detail);
    if (bound.data() != nullptr) good.emplace_back(bound);
  }
  ck_assert_msg(good.size() > 2000, "only %zu candidates were accepted", good.size());
  const std::string sql =
      "SELECT count((v::text)::" + std::string(column_type_name(column)) + ") FROM unnest($1::text[]) v";
  const Answer answer = query(connection.get(), sql, {array_of(good)});
  ck_text_eq(PQgetvalue(answer.get(), 0, 0), std::to_string(good.size()));
}

START_TEST(accepted_whole_numbers_are_postgresql_s) {
  const std::vector<std::string> seeds = {"0",
                                          "-1",
                                          "32767",
                                          "-32768",
                                          "2147483647",
                                          "-2147483648",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "007"};
  for (ColumnType column : {ColumnType::int2, ColumnType::int4, ColumnType::int8, ColumnType::numeric}) {
    accepted_values_are_postgresql_s(ParameterType::int_, column, "", seeds);
    accepted_values_are_postgresql_s(ParameterType::long_, column, "", seeds);
  }
}
END_TEST

START_TEST(accepted_decimals_are_postgresql_s) {
  accepted_values_are_postgresql_s(
      ParameterType::decimal, ColumnType::numeric, "",
      {"0", "-1.50", ".5", "5.", "-.25", std::string(120, '9') + "." + std::string(120, '1'), "-0.0"});
  const Connection connection = connect();
  for (const std::string& widest :
       {std::string(131072, '9'), "-" + std::string(131072, '9') + "." + std::string(16383, '9'),
        "0." + std::string(16383, '1'), std::string(131072, '0')}) {
    BlockArena arena;
    std::string_view detail;
    Parameter parameter;
    parameter.type = ParameterType::decimal;
    parameter.column_type = ColumnType::numeric;
    ck_assert_ptr_nonnull(check_value(parameter, widest, arena, detail).data());
    query(connection.get(), "SELECT $1::numeric", {widest});
  }
}
END_TEST

START_TEST(accepted_floating_point_numbers_are_postgresql_s) {
  const std::vector<std::string> seeds = {"0",
                                          "-0",
                                          "1.5",
                                          "5e-324",
                                          "4.9e-324",
                                          "2.4703282292062327e-324",
                                          "2.4703282292062328e-324",
                                          "1e-45",
                                          "7e-46",
                                          "7.1e-46",
                                          "1.7976931348623157e308",
                                          "1.7976931348623158e308",
                                          "1.797693134862315807e308",
                                          "3.4028235e38",
                                          "3.4028236e38",
                                          "3.40282356779733e38",
                                          "-.5E-3",
                                          "5.e+5",
                                          "0e999",
                                          "1e-320",
                                          "1e-40"};
  for (ParameterType type : {ParameterType::float_, ParameterType::double_}) {
    accepted_values_are_postgresql_s(type, ColumnType::float4, "", seeds);
    accepted_values_are_postgresql_s(type, ColumnType::float8, "", seeds);
  }
}
END_TEST

START_TEST(accepted_truth_values_are_postgresql_s) {
  accepted_values_are_postgresql_s(ParameterType::boolean, ColumnType::boolean, "",
                                   {"true", "false", "1", "0"});
}
END_TEST

START_TEST(accepted_dates_are_postgresql_s) {
  accepted_values_are_postgresql_s(
      ParameterType::date, ColumnType::date, "",
      {"2025-01-31", "0001-01-01", "2024-02-29", "1900-02-28", "9999-12-31", "10000-01-01", "99999-06-30",
       "0044-03-15 BC", "4713-01-01 BC", "0001-02-29 BC", "123456-07-08", "5874897-12-31"});
}
END_TEST

START_TEST(accepted_times_are_postgresql_s) {
  const std::vector<std::string> seeds = {"2025-01-31T08:00:00",          "2025-01-31 08:00",
                                          "2025-01-31T08:00:00.123456",   "0001-01-01T00:00",
                                          "2024-02-29T23:59:59",          "10000-01-01T00:00:00",
                                          "294275-12-31T23:59:59.9",      "123456-01-01 00:00",
                                          "2025-01-31T08:00:00Z",         "2025-01-31T08:00:00+08:00",
                                          "2025-01-31T08:00-03:30",       "0001-01-01T00:00:00+15:59",
                                          "294275-12-31T23:59:59-15:59",  "2025-01-31 08:00:00.5+08",
                                          "10000-01-01T00:00Z",           "0044-03-15 12:00:00.5+00 BC",
                                          "4713-01-01 00:00:00+15:59 BC", "4713-01-01 00:00:00 BC",
                                          "0001-02-29 12:00+00 BC"};
  accepted_values_are_postgresql_s(ParameterType::datetime, ColumnType::timestamp, "", seeds);
  for (const char* zone : {"", "UTC", "Asia/Shanghai", "America/St_Johns", "Etc/GMT+8"}) {
    accepted_values_are_postgresql_s(ParameterType::datetime, ColumnType::timestamptz, zone, seeds);
  }
}
END_TEST

START_TEST(accepted_strings_are_postgresql_s) {
  accepted_values_are_postgresql_s(ParameterType::string, ColumnType::text, "",
                                   {"", "a", "\xE4\xBD\xA0\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF",
                                    "\xEE\x80\x80", "\xC2\x80", "\x7f\x01", "{\"a\",}"});
  // Random bytes: what is accepted is UTF-8 for PostgreSQL too, and what is rejected is not.
  const Connection connection = connect();
  std::mt19937 random(7);
  Parameter parameter;
  int accepted = 0;
  for (int i = 0; i < 8000; ++i) {
    std::string text;
    for (unsigned left = random() % 5; left > 0; --left) {
      text += static_cast<char>(random() % 2 == 0 ? 0x80 + random() % 0x80 : 1 + random() % 0xFF);
    }
    BlockArena arena;
    std::string_view detail;
    const char* values[] = {text.c_str()};
    const bool ours = check_value(parameter, text, arena, detail).data() != nullptr;
    const Answer answer(
        PQexecParams(connection.get(), "SELECT $1::text", 1, nullptr, values, nullptr, nullptr, 0));
    ck_assert_int_eq(ours, PQresultStatus(answer.get()) == PGRES_TUPLES_OK);
    accepted += ours ? 1 : 0;
  }
  ck_assert_int_gt(accepted, 100);
}
END_TEST

START_TEST(a_time_means_the_same_instant_to_postgresql_as_to_the_caller) {
  const Connection connection = connect();
  const Answer answer = query(
      connection.get(),
      "SELECT '2025-01-31T08:00:00 Asia/Shanghai'::timestamptz = '2025-01-31 00:00:00+00'::timestamptz AND "
      "'2025-01-31T08:00 Asia/Shanghai'::timestamptz = '2025-01-31 00:00:00+00'::timestamptz AND "
      "'2025-01-31T08:00:00+08'::timestamptz = '2025-01-31T00:00Z'::timestamptz AND "
      "'2025-01-31T08:00:00.5-03:30'::timestamptz = '2025-01-31 11:30:00.5+00'::timestamptz");
  ck_text_eq(PQgetvalue(answer.get(), 0, 0), "t");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_values_pg", accepted_whole_numbers_are_postgresql_s, accepted_decimals_are_postgresql_s,
                accepted_floating_point_numbers_are_postgresql_s, accepted_truth_values_are_postgresql_s,
                accepted_dates_are_postgresql_s, accepted_times_are_postgresql_s,
                accepted_strings_are_postgresql_s,
                a_time_means_the_same_instant_to_postgresql_as_to_the_caller);
