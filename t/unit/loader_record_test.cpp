// MaxCompute's record stream: the vendor's own bytes; cut at every offset,
// ended at every offset, each byte changed; wrong checksums, counts and
// trailers.
#include "loader_record_testing.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
using namespace tablegate::loader::testing;

namespace {

void expect_broken(const std::string& types, uint64_t rows, const std::string& bytes,
                   const std::string& part) {
  const std::string said = decode(types, rows, bytes);
  ck_assert_msg(said.rfind("broken: ", 0) == 0 && said.find(part) != std::string::npos,
                "said \"%s\", wanted \"%s\"", said.c_str(), part.c_str());
}

START_TEST(checksum_vectors) {
  // RFC 3720, appendix B.4.
  const auto sum = [](std::string_view bytes) {
    Crc32c crc;
    crc.add(bytes);
    return crc.value();
  };
  ck_assert_uint_eq(sum("123456789"), 0xe3069283U);
  ck_assert_uint_eq(sum(std::string(32, '\0')), 0x8a9136aaU);
  ck_assert_uint_eq(sum(std::string(32, '\xff')), 0x62a8ab43U);
  ck_assert_uint_eq(sum(""), 0);
  Crc32c words;
  words.add32(0x34333231);
  words.add64(0x3837363534333231);
  ck_assert_uint_eq(words.value(), sum("123412345678"));
}
END_TEST

START_TEST(golden_vectors) {
  for (const Vector& vector : golden())
    same_text(decode(vector.types, vector.rows, from_hex(vector.hex)), vector.copy);
}
END_TEST

START_TEST(split_at_every_offset) {
  for (const Vector& vector : golden()) {
    const std::string bytes = from_hex(vector.hex);
    for (size_t step = 1; step <= bytes.size(); ++step)
      same_text(decode(vector.types, vector.rows, bytes, step), vector.copy);
    for (size_t at = 0; at <= bytes.size(); ++at) {
      uint64_t rows = 0;
      RecordDecoder decoder(types_of(vector.types), vector.rows, [&](const Record&) { ++rows; });
      decoder.feed(std::string_view(bytes).substr(0, at));
      decoder.feed(std::string_view(bytes).substr(at));
      decoder.finish();
      ck_assert(decoder.complete());
      ck_assert_uint_eq(rows, vector.rows);
    }
  }
}
END_TEST

// A prefix of a stream is never a stream, and a broken one has passed on its first rows.
START_TEST(truncated_at_every_offset) {
  for (const Vector& vector : golden()) {
    const std::string bytes = from_hex(vector.hex);
    for (size_t size = 0; size < bytes.size(); ++size) {
      for (const size_t step : {size_t{1}, size_t{7}, SIZE_MAX}) {
        const std::string said =
            decode(vector.types, vector.rows, std::string_view(bytes).substr(0, size), step);
        ck_assert_msg(said.find("ends before its trailer") != std::string::npos, "%s, %zu bytes: %s",
                      vector.types, size, said.c_str());
      }
    }
  }
}
END_TEST

// Any other value of any byte: rejected, or (a wire type, which is ignored) the same rows.
START_TEST(every_byte_changed) {
  for (const Vector& vector : golden()) {
    const std::string bytes = from_hex(vector.hex);
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (int change = 1; change < 256; ++change) {
        std::string other = bytes;
        other[at] = static_cast<char>(other[at] ^ change);
        const std::string said = decode(vector.types, vector.rows, other);
        ck_assert_msg(said.rfind("broken: ", 0) == 0 || said == vector.copy, "%s, byte %zu ^ %d: %s",
                      vector.types, at, change, said.c_str());
      }
    }
  }
}
END_TEST

START_TEST(counts_and_trailers) {
  const auto two = [] { return Encoder().bigint(1, 5).end().bigint(1, -6).end(); };
  same_text(decode("bigint", 2, two().trailer()), "5\n-6\n");
  expect_broken("bigint", 1, two().trailer(), "more records than the 1");
  expect_broken("bigint", 3, two().trailer(), "record 3: the stream ends, but 3 records were requested");
  Encoder more = two();
  expect_broken("bigint", 2, more.count(3).checksum(more.sums.value()).out, "the trailer counts 3");
  Encoder negative = two();
  expect_broken("bigint", 2, negative.count(-2).checksum(negative.sums.value()).out, "the trailer counts -2");
  Encoder wrong = two();
  expect_broken("bigint", 2, wrong.count(2).checksum(wrong.sums.value() ^ 1U).out,
                "checksum over all records");
  expect_broken("bigint", 2, two().trailer() + '\0', "bytes after the trailer");
  expect_broken("bigint", 2, two().trailer() + two().trailer(), "bytes after the trailer");
  Encoder neither = two();
  expect_broken("bigint", 2, neither.count(2).varint(8).out, "ends before its trailer");
  Encoder record = two();
  expect_broken("bigint", 2, record.count(2).field(3).varint(1).out, "the trailer is damaged");
  Encoder inside;
  expect_broken("bigint", 0, inside.bigint(1, 5).count(0).checksum(0).out, "field 33554430, but there are 1");
}
END_TEST

START_TEST(statistics_in_the_trailer) {
  const std::string json = R"({"a":1})";
  const auto stream = [&json](uint32_t change) {
    Encoder encoder;
    encoder.bigint(1, 1).end().count(1);
    Crc32c crc;
    crc.add32(1);
    crc.add(json);
    encoder.varint(10).varint(json.size());
    encoder.out += json;
    encoder.varint(uint64_t{33554176} << 3U).varint(crc.value() ^ change);
    return encoder.checksum(encoder.sums.value()).out;
  };
  same_text(decode("bigint", 1, stream(0)), "1\n");
  same_text(decode("bigint", 1, stream(0), 1), "1\n");
  expect_broken("bigint", 1, stream(1), "checksum of the trailer's statistics");
}
END_TEST

START_TEST(damaged_values) {
  expect_broken("bigint", 1, Encoder().bigint(2, 1).end().trailer(), "field 2, but there are 1 columns");
  expect_broken("bigint", 1, Encoder().bigint(1, 1).bigint(1, 1).end().trailer(), "field 1 is repeated");
  expect_broken("tinyint", 1, Encoder().bigint(1, 128).end().trailer(), "out of its type's range");
  expect_broken("bigint", 1, Encoder().field(1).out + std::string(10, '\xff') + '\1', "more than 64 bits");
  expect_broken("boolean", 1, Encoder().field(1).varint(2).out, "neither 0 nor 1");
  expect_broken("string", 1, Encoder().field(1, 2).varint((200U << 20U) + 1).out, "above the limit");
  expect_broken("timestamp", 1, Encoder().field(1, 2).zigzag(0).zigzag(1000000000).out, "more than a second");
  expect_broken("timestamp", 1, Encoder().field(1, 2).zigzag(0).zigzag(-1).out, "more than a second");
  expect_broken("map<int,int>", 1, Encoder().field(1, 2).varint(1).varint(1).varint(0).out,
                "different numbers of keys and values");
  expect_broken("array<int>", 1, Encoder().field(1, 2).varint(UINT32_MAX).out, "ends before its trailer");
  // Nulls take one byte each there, and some 70 here.
  expect_broken("array<int>", 1, Encoder().field(1, 2).varint(5U << 20U).out + std::string(5U << 20U, '\1'),
                "more than 4 million nested values");
  expect_broken("array<int>", 1, Encoder().field(1, 2).varint(uint64_t{UINT32_MAX} + 1).out,
                "more than 32 bits");
}
END_TEST

START_TEST(values_beyond_the_vectors) {
  Encoder map;
  map.field(1, 2)
      .varint(2)
      .varint(0)
      .string("a")
      .varint(0)
      .string("b\"\n")
      .varint(2)
      .varint(0)
      .integer(1)
      .varint(1);
  same_text(decode("map<string,bigint>", 1, map.end().trailer()), "{\"a\":1,\"b\\\\\"\\\\u000a\":null}\n");
  Encoder numbers;
  numbers.field(1, 2).varint(1).varint(0).integer(-7).varint(1).varint(0).string("1.50");
  same_text(decode("map<int,decimal(3,2)>", 1, numbers.end().trailer()), "{\"-7\":1.50}\n");
  Encoder null_key;
  null_key.field(1, 2).varint(1).varint(1).varint(1).varint(1);
  same_text(decode("map<int,int>", 1, null_key.end().trailer()),
            "bad: holds a map with a NULL key, which JSON does not allow");
  Encoder json;
  json.field(1, 2).varint(1).varint(0).string("1],[2");
  same_text(decode("array<json>", 1, json.end().trailer()),
            "bad: holds text in a JSON value that is not JSON");
  Encoder times;
  times.field(1, 2).varint(1).varint(0).integer(1510329600123);
  same_text(decode("array<datetime>", 1, times.end().trailer()), "[\"2017-11-10T16:00:00.123+00:00\"]\n");
  const auto string = [](const char* type, std::string_view value) {
    return decode(type, 1, Encoder().field(1, 2).string(value).end().trailer());
  };
  same_text(string("string", "a\tb\\N\r\n"), "a\\tb\\\\N\\r\\n\n");
  same_text(string("char(5)", "ab   "), "ab\n");
  same_text(string("varchar(5)", "ab "), "ab \n");
  same_text(string("string", std::string_view("a\0b", 3)),
            "bad: holds a NUL byte, which PostgreSQL's text cannot");
  same_text(string("string", "\xff"), "bad: is not UTF-8");
  const auto whole = [](const char* type, int64_t value) {
    return decode(type, 1, Encoder().bigint(1, value).end().trailer());
  };
  same_text(whole("date", -719528), "0001-01-01 BC\n");
  same_text(whole("date", 2932896), "9999-12-31\n");
  same_text(whole("date", 19782), "2024-02-29\n");
  same_text(whole("date", INT64_MIN), "bad: is a time outside of PostgreSQL's range");
  same_text(whole("datetime", INT64_MIN), "bad: is a time outside of PostgreSQL's range");
  same_text(whole("datetime", -62167219200000), "0001-01-01 00:00:00+00 BC\n");
  same_text(whole("interval_year_month", -14), "-14 mons\n");
  same_text(decode("interval_day_time", 1, Encoder().field(1, 2).moment(-2, 500000000).end().trailer()),
            "-1.500000 secs\n");
  same_text(decode("timestamp_ntz", 1, Encoder().field(1, 2).moment(-1, 999999999).end().trailer()),
            "1969-12-31 23:59:59.999999\n");
  same_text(
      decode("array<timestamp>", 1, Encoder().field(1, 2).varint(1).varint(0).moment(0, 1).end().trailer()),
      "[\"1970-01-01T00:00:00.000000001+00:00\"]\n");
}
END_TEST

START_TEST(rows_survive_a_break) {
  Encoder encoder;
  for (int64_t i = 0; i < 1000; ++i)
    encoder.field(1).integer(i).field(2, 2).string(std::string(i % 50, 'x')).end();
  const std::string bytes = encoder.trailer();
  for (size_t cut = 0; cut < bytes.size(); cut += 97) {
    int64_t next = 0;
    RecordDecoder decoder(types_of("bigint;string"), 1000, [&next](const Record& record) {
      ck_assert_int_eq(record[0].integer, next);
      ++next;
    });
    for (size_t at = 0; at < cut; at += 1000)
      decoder.feed(std::string_view(bytes).substr(at, std::min<size_t>(1000, cut - at)));
    bool broken = false;
    try {
      decoder.finish();
    } catch (const CorruptStream&) {
      broken = true;
    }
    ck_assert(broken);
    ck_assert_uint_eq(decoder.records(), static_cast<uint64_t>(next));
  }
}
END_TEST

START_TEST(large_values) {
  const std::string large(9U << 20U, 'x');
  const std::string bytes = Encoder().field(1, 2).string(large).end().trailer();
  same_text(decode("string", 1, bytes, 1000), large + "\n");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_record", checksum_vectors, golden_vectors, split_at_every_offset,
                truncated_at_every_offset, every_byte_changed, counts_and_trailers, statistics_in_the_trailer,
                damaged_values, values_beyond_the_vectors, rows_survive_a_break, large_values);
