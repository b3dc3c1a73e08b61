// Decodes the record stream of MaxCompute's table tunnel. Pure: bytes in, cut
// anywhere, whole rows out. A row is passed on only after its checksum was
// verified, so rows stay valid when the stream breaks; another stream then
// continues after records() of them. Stricter than the vendor's clients: both
// checksums, the count and the trailer are always required, and the end of the
// bytes is never taken as the end of the data.
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

// One value; the column's type decides which members are used.
struct RecordValue {
  bool null = true;
  int64_t integer = 0;             // whole numbers, booleans, days, milliseconds, seconds, months
  int32_t nanos = 0;               // with seconds: 0 to 999999999
  double real = 0;                 // FLOAT (exact) and DOUBLE
  std::string_view bytes;          // texts, BINARY, DECIMAL's digits; valid during the sink's call
  std::vector<RecordValue> items;  // array: elements; map: key, value, key, ...; struct: fields
};

using Record = std::vector<RecordValue>;

// The stream is damaged, cut off, or not what was requested.
struct CorruptStream : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The stream contradicts itself about its records as a whole (count, checksum over all, more than were
// requested): none of the rows that it passed on can be kept.
struct WrongStream : CorruptStream {
  using CorruptStream::CorruptStream;
};

class RecordCursor;

class RecordDecoder {
 public:
  using Sink = std::function<void(const Record&)>;

  // `columns`: types in the requested order. `expected`: the number of records of the requested range.
  RecordDecoder(std::vector<MaxComputeType> columns, uint64_t expected, Sink sink);

  // Throws CorruptStream, and what `sink` throws; the decoder cannot be used after either.
  void feed(std::string_view bytes);
  // The end of the bytes. Throws CorruptStream unless the stream was complete.
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
  std::string buffer_;  // bytes of the incomplete record
  size_t wanted_ = 0;   // no attempt before the buffer holds this many bytes
  uint64_t records_ = 0;
  Crc32c sums_;  // over the checksums of all records
  bool complete_ = false;
};

}  // namespace tablegate::loader
