// Decodes the record stream of MaxCompute's table tunnel. Pure: bytes in, cut
// anywhere, whole rows out. A row leaves only after its checksum held, so what
// was handed out stays valid when the stream breaks: another stream then goes on
// after records() of them. Stricter than the vendor's clients: both checksums,
// the count and the trailer are always demanded, and the end of the bytes is
// never taken for the end of the data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "source/maxcompute/crc32c.hpp"
#include "source/maxcompute/maxcompute_type.hpp"

namespace tablegate::loader {

// One value; which members count is told by the column's type.
struct RecordValue {
  bool null = true;
  int64_t integer = 0;             // whole numbers, truth values, days, milliseconds, seconds, months
  int32_t nanos = 0;               // beside seconds: 0 to 999999999
  double real = 0;                 // FLOAT (exactly) and DOUBLE
  std::string_view bytes;          // texts, BINARY, DECIMAL's digits; valid while the row is handed out
  std::vector<RecordValue> items;  // array: elements; map: key, value, key, ...; struct: fields
};

using Record = std::vector<RecordValue>;

// The stream is damaged, cut off, or not what was asked for.
struct CorruptStream : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The stream contradicts itself about all of its records (count, checksum over all, more than were asked
// for): none that it handed out can be kept.
struct WrongStream : CorruptStream {
  using CorruptStream::CorruptStream;
};

class RecordCursor;

class RecordDecoder {
 public:
  using Sink = std::function<void(const Record&)>;

  // `columns`: types in the order that was asked for. `expected`: records of the range that was asked for.
  RecordDecoder(std::vector<MaxComputeType> columns, uint64_t expected, Sink sink);

  // Throws CorruptStream, and whatever `sink` throws; the decoder is of no use after either.
  void feed(std::string_view bytes);
  // The bytes have ended. Throws CorruptStream unless the stream was whole.
  void finish();

  uint64_t records() const { return records_; }  // handed out so far
  bool complete() const { return complete_; }

 private:
  void decode();
  bool decode_record(RecordCursor& cursor);
  bool end_record(RecordCursor& cursor, const Crc32c& crc);
  bool decode_trailer(RecordCursor& cursor);
  static void skip_metrics(RecordCursor& cursor);

  std::vector<MaxComputeType> columns_;
  uint64_t expected_;
  Sink sink_;
  Record record_;
  std::string buffer_;  // bytes of the record that is not whole yet
  size_t wanted_ = 0;   // no attempt before the buffer holds so many
  uint64_t records_ = 0;
  Crc32c sums_;  // over the checksums of all records
  bool complete_ = false;
};

}  // namespace tablegate::loader
