// Cuts a file into records and fields: CSV by the rules of PostgreSQL's COPY
// ... (FORMAT csv) with any line ends, or text without quotes and escapes. Any
// input gives records or a Refused; the result does not depend on how the bytes
// are cut into pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/byte_source.hpp"
#include "source/csv/csv_options.hpp"

namespace tablegate::loader {

struct RecordField {
  std::string_view text;  // without quotes and escapes
  bool quoted = false;    // a part of it was quoted
};

class RecordReader {
 public:
  // `bytes` and `options` must outlive it. `label` names the file in messages. `chunk`: bytes per read.
  RecordReader(ByteSource& bytes, const CsvOptions& options, std::string label,
               size_t chunk = size_t{1} << 18);

  // False at the end of the file. Throws Refused for a record longer than kMaxRecord bytes, one with more
  // than kMaxFields fields, and one with an open quote at the end of the file.
  bool next();
  // The fields of the record that next() read, until its next call.
  const std::vector<RecordField>& fields() const { return fields_; }
  std::string_view raw() const { return {buffer_.data() + begin_, raw_size_}; }  // without its end
  uint64_t line() const { return line_; }                                        // where it begins
  uint64_t record() const { return record_; }
  // "line 3", or "record 3" where records do not end with lines.
  std::string place() const { return place_of(line_, record_); }
  std::string place_of(uint64_t line, uint64_t record) const;

  // next() returns the same record again.
  void step_back();
  // Returns what was read beyond the last record; after it only read_more() may be called.
  std::string take_rest();
  uint64_t lines_passed() const { return next_line_ - 1; }

  static constexpr size_t kMaxRecord = size_t{64} << 20;
  static constexpr size_t kMaxFields = 10000;

 private:
  struct Piece {
    size_t begin;
    size_t size;
    bool decoded;  // in decoded_, else in buffer_
    bool quoted;
  };

  bool fill();
  bool parse();
  bool parse_csv();
  bool read_csv_field(size_t& at, bool& last);
  bool read_quoted_field(size_t begin, size_t& at, bool& last);
  bool parse_text();
  void choose_record_end();
  void add_piece(const Piece& piece);
  [[noreturn]] void refuse_endless() const;

  ByteSource& bytes_;
  const CsvOptions& options_;
  std::string label_;
  size_t chunk_;
  std::string record_end_;  // for text
  bool special_[256] = {};  // for csv: bytes that end a run of plain bytes
  std::string buffer_;
  size_t begin_ = 0;  // where the record begins
  size_t raw_size_ = 0;
  size_t end_ = 0;  // after the record's end
  bool at_end_ = false;
  uint64_t line_ = 0;
  uint64_t next_line_ = 1;
  uint64_t record_ = 0;
  std::string decoded_;
  std::vector<Piece> pieces_;
  std::vector<RecordField> fields_;
};

}  // namespace tablegate::loader
