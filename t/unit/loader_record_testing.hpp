// MaxCompute record streams for the tests: the vendor's bytes, and a small
// encoder for what they lack. Include after check.h's users.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "model/ddl_type.hpp"
#include "source/maxcompute/crc32c.hpp"
#include "source/maxcompute/maxcompute_record.hpp"
#include "source/maxcompute/maxcompute_type.hpp"
#include "source/maxcompute/maxcompute_value.hpp"

namespace tablegate::loader::testing {

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

// "bigint;map<string,int>" as the types of columns.
inline std::vector<MaxComputeType> types_of(const std::string& list) {
  std::vector<MaxComputeType> types;
  for (size_t at = 0; at <= list.size();) {
    const size_t end = std::min(list.find(';', at), list.size());
    MaxComputeType type;
    const std::string reason = maxcompute_type(parse_type_text(list.substr(at, end - at), "column"), type);
    if (!reason.empty()) std::abort();
    types.push_back(type);
    at = end + 1;
  }
  return types;
}

struct Vector {
  const char* types;
  uint64_t rows;
  const char* hex;
  const char* copy;  // the text for COPY
};

// Our values, encoded by the vendor's Python client and read back by its Java client.
inline const std::vector<Vector>& golden() {
  static const std::vector<Vector> kGolden = {
      {"bigint;string;bigint", 2,
       "08a29c011205416c696365183280c0ff7f838a9bef0e08a49c011203426f62183c80c0ff7ffcf384ab0cf0ffff7f04f8"
       "ffff7fafd9aab909",
       "10001\tAlice\t25\n10002\tBob\t30\n"},
      {"bigint", 0, "f0ffff7f00f8ffff7f00", ""},
      {"tinyint;smallint;int;bigint", 2,
       "08ff0110ffff0318ffffffff0f20fdffffffffffffffff0180c0ff7fd6fabbc00e08fe0110feff0318feffffff0f20fe"
       "ffffffffffffffff0180c0ff7faa9d93bf0df0ffff7f04f8ffff7f97f79dcd0d",
       "-128\t-32768\t-2147483648\t-9223372036854775807\n127\t32767\t2147483647\t9223372036854775807\n"},
      {"float;double;boolean", 2,
       "0d0000c03f11182d4454fb210940180180c0ff7fafcaf48f060d000080be11000000000000f07f180080c0ff7f91edc5"
       "c902f0ffff7f04f8ffff7fcffff5eb05",
       "1.5\t3.141592653589793\tt\n-0.25\tInfinity\tf\n"},
      {"decimal(38,18);decimal", 1,
       "0a2731323334353637383930313233343536373839302e31323334353637383930313233343536373812042d302e3580"
       "c0ff7fefb49ba909f0ffff7f02f8ffff7fe4ce8d8b02",
       "12345678901234567890.123456789012345678\t-0.5\n"},
      {"varchar(10);char(5);binary", 1,
       "0a0368c3a9120261621a0300ff0a80c0ff7fecd8a1ce0ff0ffff7f02f8ffff7fd0f0c3d902",
       "h\xc3\xa9\tab\t\\\\x00ff0a\n"},
      {"datetime;date;timestamp;timestamp_ntz", 2,
       "08f6f18186f557109291021a80f6b1a00baab4de752280f6b1a00b0280c0ff7fc8d8f1c60d080110011a020080c0ff7f"
       "84b8e3fa0af0ffff7f04f8ffff7ffff692dd02",
       "2017-11-11 00:00:00.123+00\t2017-11-11\t2017-11-11 00:00:00.123456+00\t2017-11-11 00:00:00\n"
       "1969-12-31 23:59:59.999+00\t1969-12-31\t1970-01-01 00:00:01+00\t\\N\n"},
      {"json", 1,
       "0a157b2261223a205b312c206e756c6c2c202278225d7d80c0ff7ff9b2a3aa0af0ffff7f02f8ffff7fe5f4a3960a",
       "{\"a\": [1, null, \"x\"]}\n"},
      {"array<string>;array<bigint>", 2,
       "0a0300017801000012020002000180c0ff7feeeaf5dd030a0080c0ff7fffc28ba909f0ffff7f04f8ffff7fbf92f3e508",
       "[\"x\",null,\"\"]\t[1,-1]\n[]\t\\N\n"},
      {"struct<x:int,y:varchar(256),z:struct<a:tinyint,b:date>>", 2,
       "0a0016000568656c6c6f0000c801000080c0ff7fa09283c9050a010001710180c0ff7f979dc3f40ff0ffff7f04f8ffff"
       "7fe1a4e1a207",
       "{\"x\":11,\"y\":\"hello\",\"z\":{\"a\":100,\"b\":\"1970-01-01\"}}\n{\"x\":null,\"y\":\"q\",\"z\":"
       "null}\n"},
  };
  return kGolden;
}

// Writes streams; independent of the decoder except for the checksum.
class Encoder {
 public:
  Encoder& varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7U) out += static_cast<char>((value & 0x7fU) | 0x80U);
    out += static_cast<char>(value);
    return *this;
  }
  Encoder& zigzag(int64_t value) {
    return varint(static_cast<uint64_t>(value) << 1U ^ static_cast<uint64_t>(value < 0 ? -1 : 0));
  }
  Encoder& field(uint32_t number, uint32_t wire = 0) {
    crc.add32(number);
    return varint(uint64_t{number} << 3U | wire);
  }
  Encoder& bigint(uint32_t number, int64_t value) { return field(number).integer(value); }
  Encoder& integer(int64_t value) {
    crc.add64(static_cast<uint64_t>(value));
    return zigzag(value);
  }
  Encoder& moment(int64_t seconds, int32_t nanos) {
    integer(seconds);
    crc.add32(static_cast<uint32_t>(nanos));
    return zigzag(nanos);
  }
  Encoder& string(std::string_view value) {
    crc.add(value);
    varint(value.size());
    out += value;
    return *this;
  }
  Encoder& end() {
    varint(uint64_t{33553408} << 3U).varint(crc.value());
    sums.add32(crc.value());
    crc = Crc32c();
    ++records;
    return *this;
  }
  Encoder& count(int64_t value) { return varint(uint64_t{33554430} << 3U).zigzag(value); }
  Encoder& checksum(uint32_t value) { return varint(uint64_t{33554431} << 3U).varint(value); }
  std::string trailer() {
    count(records).checksum(sums.value());
    return out;
  }

  std::string out;
  Crc32c crc;
  Crc32c sums;
  int64_t records = 0;
};

// All rows as COPY text; "broken: REASON" instead of a rejected stream.
inline std::string decode(const std::string& types, uint64_t rows, std::string_view bytes,
                          size_t step = SIZE_MAX) {
  CopyText copy;
  const std::vector<MaxComputeType> columns = types_of(types);
  try {
    RecordDecoder decoder(columns, rows, [&](const Record& record) {
      for (size_t i = 0; i < columns.size(); ++i) copy_value(columns[i], record[i], copy);
      copy.end_row();
    });
    for (size_t at = 0; at < bytes.size(); at += step) {
      decoder.feed(bytes.substr(at, step));
      if (step > bytes.size()) break;
    }
    decoder.finish();
  } catch (const CorruptStream& corrupt) {
    return std::string("broken: ") + corrupt.what();
  } catch (const BadValue& bad) {
    return std::string("bad: ") + bad.what();
  }
  return copy.take();
}

}  // namespace tablegate::loader::testing
