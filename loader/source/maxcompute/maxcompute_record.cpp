#include "source/maxcompute/maxcompute_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "source/maxcompute/maxcompute_cursor.hpp"

namespace tablegate::loader {
namespace {

using Kind = MaxComputeType::Kind;

// Field numbers that are not columns (just below 2^25).
constexpr uint32_t kEndRecord = 33553408;
constexpr uint32_t kEndMetrics = 33554176;
constexpr uint32_t kMetaCount = 33554430;
constexpr uint32_t kMetaChecksum = 33554431;
constexpr uint32_t kMetricsField = 1;

constexpr size_t kMaxBytes = size_t{200} << 20;  // of one value; MaxCompute's own limit is 8 MiB by default
constexpr size_t kMaxRecord = size_t{256} << 20;
constexpr size_t kMaxMetrics = size_t{1} << 20;
constexpr int32_t kMaxNanos = 999999999;

struct Range {
  int64_t low;
  int64_t high;
};

template <typename Integer>
constexpr Range range_of() {
  return {std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max()};
}

void read_integer(RecordCursor& cursor, Range range, RecordValue& value, Crc32c& crc) {
  value.integer = cursor.zigzag();
  if (value.integer < range.low || value.integer > range.high)
    cursor.fail("a number out of its type's range");
  crc.add64(static_cast<uint64_t>(value.integer));
}

void read_text(RecordCursor& cursor, RecordValue& value, Crc32c& crc) {
  value.bytes = cursor.text(kMaxBytes);
  crc.add(value.bytes);
}

void read_moment(RecordCursor& cursor, RecordValue& value, Crc32c& crc) {
  value.integer = cursor.zigzag();
  const int64_t nanos = cursor.zigzag();
  if (nanos < 0 || nanos > kMaxNanos) cursor.fail("nanoseconds of more than a second");
  value.nanos = cursor.good() ? static_cast<int32_t>(nanos) : 0;
  crc.add64(static_cast<uint64_t>(value.integer));
  crc.add32(static_cast<uint32_t>(value.nanos));
}

void read_float(RecordCursor& cursor, RecordValue& value, Crc32c& crc) {
  const uint32_t bits = cursor.fixed32();
  float real = 0;
  std::memcpy(&real, &bits, sizeof real);
  value.real = real;
  crc.add32(bits);
}

void read_double(RecordCursor& cursor, RecordValue& value, Crc32c& crc) {
  const uint64_t bits = cursor.fixed64();
  std::memcpy(&value.real, &bits, sizeof value.real);
  crc.add64(bits);
}

void read_value(RecordCursor& cursor, const MaxComputeType& type, RecordValue& value, Crc32c& crc);

// A null flag, then the value. The flag is in no checksum.
void read_item(RecordCursor& cursor, const MaxComputeType& type, RecordValue& item, Crc32c& crc) {
  if (cursor.flag() || !cursor.good()) return;
  read_value(cursor, type, item, crc);
}

// Writes the elements into every `step`th item from `first` on. Never allocates for more elements than there
// are bytes.
uint32_t read_array(RecordCursor& cursor, const MaxComputeType& element, std::vector<RecordValue>& items,
                    size_t first, size_t step, Crc32c& crc) {
  const uint32_t count = cursor.varint32();
  for (size_t i = 0; i < count && cursor.next_item(); ++i) {
    const size_t place = first + i * step;
    if (place >= items.size()) items.resize(place + 1);
    read_item(cursor, element, items[place], crc);
  }
  return count;
}

void read_map(RecordCursor& cursor, const MaxComputeType& type, RecordValue& value, Crc32c& crc) {
  const uint32_t keys = read_array(cursor, type.children[0], value.items, 0, 2, crc);
  const uint32_t values = read_array(cursor, type.children[1], value.items, 1, 2, crc);
  if (keys != values) cursor.fail("a map with different numbers of keys and values");
}

void read_struct(RecordCursor& cursor, const MaxComputeType& type, RecordValue& value, Crc32c& crc) {
  value.items.resize(type.children.size());
  for (size_t i = 0; i < type.children.size() && cursor.next_item(); ++i)
    read_item(cursor, type.children[i], value.items[i], crc);
}

// The wire types of the stream are ignored: they are wrong for nested values and times.
void read_value(RecordCursor& cursor, const MaxComputeType& type, RecordValue& value, Crc32c& crc) {
  value.null = false;
  switch (type.kind) {
    case Kind::tinyint:
      return read_integer(cursor, range_of<int8_t>(), value, crc);
    case Kind::smallint:
      return read_integer(cursor, range_of<int16_t>(), value, crc);
    case Kind::int_:
      return read_integer(cursor, range_of<int32_t>(), value, crc);
    case Kind::bigint:
    case Kind::interval_year_month:
    case Kind::datetime:
    case Kind::date:
      return read_integer(cursor, range_of<int64_t>(), value, crc);
    case Kind::boolean:
      value.integer = cursor.flag() ? 1 : 0;
      return crc.add(value.integer != 0 ? std::string_view("\1", 1) : std::string_view("\0", 1));
    case Kind::float_:
      return read_float(cursor, value, crc);
    case Kind::double_:
      return read_double(cursor, value, crc);
    case Kind::string:
    case Kind::varchar:
    case Kind::char_:
    case Kind::binary:
    case Kind::json:
    case Kind::decimal:
      return read_text(cursor, value, crc);
    case Kind::timestamp:
    case Kind::timestamp_ntz:
    case Kind::interval_day_time:
      return read_moment(cursor, value, crc);
    case Kind::array:
      read_array(cursor, type.children[0], value.items, 0, 1, crc);
      return;
    case Kind::map:
      return read_map(cursor, type, value, crc);
    case Kind::struct_:
      return read_struct(cursor, type, value, crc);
  }
}

[[noreturn]] void corrupt(const std::string& reason, uint64_t record) {
  throw CorruptStream(fmt::format("record {}: {}", record, reason));
}

[[noreturn]] void wrong(const std::string& reason, uint64_t records) {
  throw WrongStream(fmt::format("after record {}: {}", records, reason));
}

}  // namespace

RecordDecoder::RecordDecoder(std::vector<MaxComputeType> columns, uint64_t expected, Sink sink)
    : columns_(std::move(columns)), expected_(expected), sink_(std::move(sink)), record_(columns_.size()) {}

void RecordDecoder::feed(std::string_view bytes) {
  if (bytes.empty()) return;
  buffer_ += bytes;
  if (buffer_.size() >= wanted_) decode();
}

void RecordDecoder::finish() {
  if (!complete_ && !buffer_.empty()) decode();
  if (!complete_) corrupt("the stream ends before its trailer", records_ + 1);
}

// Passes on the whole records in the buffer. An incomplete record is read again from its beginning once the
// buffer has grown by a quarter, so that a large one is read only a few times.
void RecordDecoder::decode() {
  size_t done = 0;
  wanted_ = 0;
  const std::string_view all = buffer_;
  while (done < all.size()) {
    if (complete_) wrong("bytes after the trailer", records_);
    RecordCursor cursor(all.substr(done));
    const bool whole = decode_record(cursor);
    if (cursor.fault() != nullptr) corrupt(cursor.fault(), records_ + 1);
    if (!whole) {
      const size_t there = all.size() - done;
      if (there > kMaxRecord) corrupt("it does not end within 256 MiB", records_ + 1);
      wanted_ = std::max(cursor.wanted(), there + there / 4);
      break;
    }
    done += cursor.at();
  }
  buffer_.erase(0, done);
  if (complete_ && !buffer_.empty()) wrong("bytes after the trailer", records_);
}

// False: more bytes are needed, or the cursor has a fault.
bool RecordDecoder::decode_record(RecordCursor& cursor) {
  for (RecordValue& value : record_) {
    value.null = true;
    value.items.clear();
  }
  Crc32c crc;
  for (bool first = true;; first = false) {
    const uint32_t field = cursor.varint32() >> 3U;
    if (!cursor.good()) return false;
    if (field == kEndRecord) return end_record(cursor, crc);
    if (field == kMetaCount && first) return decode_trailer(cursor);
    if (field == 0 || field > columns_.size()) {
      corrupt(fmt::format("field {}, but there are {} columns", field, columns_.size()), records_ + 1);
    }
    RecordValue& value = record_[field - 1];
    if (!value.null) corrupt(fmt::format("field {} is repeated", field), records_ + 1);
    crc.add32(field);
    read_value(cursor, columns_[field - 1], value, crc);
    if (!cursor.good()) return false;
  }
}

bool RecordDecoder::end_record(RecordCursor& cursor, const Crc32c& crc) {
  const uint32_t wanted = cursor.varint32();
  if (!cursor.good()) return false;
  if (wanted != crc.value()) corrupt("its checksum is wrong", records_ + 1);
  if (records_ == expected_) {
    wrong(fmt::format("more records than the {} that were requested", expected_), records_);
  }
  sums_.add32(wanted);
  sink_(record_);
  ++records_;
  return true;
}

// The count, statistics that some servers send, and the checksum of the checksums.
bool RecordDecoder::decode_trailer(RecordCursor& cursor) {
  const int64_t count = cursor.zigzag();
  uint32_t field = cursor.varint32() >> 3U;
  if (field == kMetricsField && cursor.good()) {
    skip_metrics(cursor);
    field = cursor.varint32() >> 3U;
  }
  if (cursor.good() && field != kMetaChecksum) cursor.fail("the trailer is damaged");
  const uint32_t wanted = cursor.varint32();
  if (!cursor.good()) return false;
  if (count < 0 || static_cast<uint64_t>(count) != records_)
    wrong(fmt::format("the trailer counts {} records", count), records_);
  if (wanted != sums_.value()) wrong("the checksum over all records is wrong", records_);
  if (records_ != expected_)
    corrupt(fmt::format("the stream ends, but {} records were requested", expected_), records_ + 1);
  complete_ = true;
  return true;
}

void RecordDecoder::skip_metrics(RecordCursor& cursor) {
  const std::string_view text = cursor.text(kMaxMetrics);
  if (cursor.varint32() >> 3U != kEndMetrics) cursor.fail("the trailer's statistics do not end");
  const uint32_t wanted = cursor.varint32();
  if (!cursor.good()) return;
  Crc32c crc;
  crc.add32(kMetricsField);
  crc.add(text);
  if (wanted != crc.value()) cursor.fail("the checksum of the trailer's statistics is wrong");
}

}  // namespace tablegate::loader
