// MaxCompute's record stream with any bytes: rows with right checksums, or
// CorruptStream; the same result however the bytes are cut; and every value
// becomes one field of COPY, or BadValue. First byte: the types; second: the
// number of requested records and where to cut.
#include <cstdint>

#include "fuzzing.hpp"
#include "source/maxcompute/maxcompute_record.hpp"
#include "source/maxcompute/maxcompute_value.hpp"

using namespace tablegate;
using loader::MaxComputeType;
using loader::RecordValue;

namespace {

constexpr const char* kTypes[] = {
    "struct<a:bigint,b:string,c:bigint>",
    "struct<a:bigint>",
    "struct<a:tinyint,b:smallint,c:int,d:bigint>",
    "struct<a:float,b:double,c:boolean>",
    "struct<a:decimal(38,18),b:decimal>",
    "struct<a:varchar(10),b:char(5),c:binary>",
    "struct<a:datetime,b:date,c:timestamp,d:timestamp_ntz>",
    "struct<a:json>",
    "struct<a:array<string>,b:array<bigint>>",
    "struct<a:struct<x:int,y:varchar(256),z:struct<a:tinyint,b:date>>>",
    "struct<a:map<string,array<double>>,b:interval_day_time,c:interval_year_month>",
    "struct<a:array<array<json>>,b:map<date,map<int,binary>>,c:array<struct<t:timestamp,d:decimal>>>",
};
constexpr size_t kTypeCount = sizeof kTypes / sizeof *kTypes;

std::vector<MaxComputeType> columns_of(size_t which) {
  MaxComputeType type;
  INVARIANT(
      loader::maxcompute_type(loader::parse_type_text(kTypes[which % kTypeCount], "column"), type).empty());
  return type.children;
}

void copy_checked(const MaxComputeType& type, const RecordValue& value, std::string& rows) {
  loader::CopyText copy;
  try {
    loader::copy_value(type, value, copy);
  } catch (const loader::BadValue& bad) {
    INVARIANT(bad.what()[0] != '\0');
    rows += "bad";
    return;
  }
  copy.end_row();
  const std::string field = copy.take();
  INVARIANT(field.size() >= 1 && field.find_first_of("\n\t\r") == field.size() - 1);
  INVARIANT(field.find('\0') == std::string::npos);
  rows += field;
}

std::string decode(const std::vector<MaxComputeType>& columns, uint64_t expected, std::string_view bytes,
                   size_t step) {
  std::string rows;
  uint64_t count = 0;
  try {
    loader::RecordDecoder decoder(columns, expected, [&](const loader::Record& record) {
      INVARIANT(record.size() == columns.size() && ++count <= expected);
      for (size_t i = 0; i < columns.size(); ++i) copy_checked(columns[i], record[i], rows);
    });
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size())))
      decoder.feed(bytes.substr(0, step));
    decoder.finish();
    INVARIANT(decoder.complete() && decoder.records() == expected && count == expected);
    rows += "whole";
  } catch (const loader::CorruptStream& corrupt) {
    INVARIANT(corrupt.what()[0] != '\0');
    rows += "broken";
  }
  return rows;
}

// Checksums stop most inputs before any value is written: the same bytes are also used as values of each
// type.
void values(const std::vector<MaxComputeType>& columns, std::string_view bytes) {
  RecordValue value;
  value.null = false;
  value.bytes = bytes;
  uint64_t bits = 0;
  for (const char c : bytes.substr(0, 8)) bits = bits << 8U | static_cast<unsigned char>(c);
  value.integer = static_cast<int64_t>(bits);
  std::memcpy(&value.real, &bits, sizeof value.real);
  value.nanos = static_cast<int32_t>(bits % 1000000000);
  std::string rows;
  for (const MaxComputeType& type : columns) {
    if (type.children.empty()) {
      copy_checked(type, value, rows);
      continue;
    }
    RecordValue nested;
    nested.null = false;
    nested.items.assign(type.kind == MaxComputeType::Kind::struct_ ? type.children.size() : 2, RecordValue());
    for (size_t i = 0; i < nested.items.size(); ++i) {
      const MaxComputeType& child = type.children[std::min(i, type.children.size() - 1)];
      if (child.children.empty()) nested.items[i] = value;
    }
    copy_checked(type, nested, rows);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::vector<MaxComputeType> columns = columns_of(data[0]);
  const uint64_t expected = data[1] & 7U;
  const std::string whole = decode(columns, expected, bytes, SIZE_MAX);
  INVARIANT(decode(columns, expected, bytes, 1 + (data[1] >> 3U)) == whole);
  values(columns, bytes);
  return 0;
}
