// Cuts a file into records and fields: CSV (RFC 4180) with any line ends, or text
// without quotes and escapes. A stray quote is a fault of its record: the field
// continues as text up to its end, so that the next record is not lost. Any input
// gives records or a Refused; the result does not depend on how the bytes are cut
// into pieces.
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

// Why a row with such quotes is none (RFC 4180 section 2).
constexpr const char* kQuoteInside = "has a quote inside a field that does not begin with one";
constexpr const char* kTextBehindQuote = "has text behind the closing quote";
// The same with CsvQuotes::lenient, where such text may be part of the field, but not with a line end.
constexpr const char* kStrayQuoteAndLineEnd = "has a stray quote and a line end: it may join two rows";

class RecordReader {
 public:
  // `bytes` and `options` must outlive it. `label` names the file in messages. `chunk`: bytes per read.
  RecordReader(ByteSource& bytes, const CsvOptions& options, std::string label,
               size_t chunk = size_t{1} << 18);

  // False at the end of the file. Throws Refused for a record longer than kMaxRecord bytes, one with more
  // than kMaxFields fields, and one with an open quote at the end of the file.
  bool next();
  // The same, but empty lines at the end of the file are not records. For rows: do not mix with step_back().
  bool next_row();
  // The fields of the record that was read, until the next one is read.
  const std::vector<RecordField>& fields() const { return blank_ ? kBlank : fields_; }
  std::string_view raw() const { return blank_ ? "" : view(begin_, begin_ + raw_size_); }  // without its end
  // Why the record cannot be a row (one of the three above), or null; and the field with the fault.
  const char* fault() const { return blank_ ? nullptr : fault_; }
  size_t fault_field() const { return fault_field_; }
  uint64_t line() const { return blank_ ? blank_line_ : line_; }  // where it begins
  uint64_t record() const { return blank_ ? blank_record_ : record_; }
  // "line 3", or "record 3" where records do not end with lines.
  std::string place() const { return place_of(line(), record()); }
  std::string place_of(uint64_t line, uint64_t record) const;

  // next() returns the same record again.
  void step_back();
  // Returns what was read beyond the last record; after it only read_more() may be called.
  std::string take_rest();
  uint64_t lines_passed() const { return next_line_ - 1; }

  static constexpr size_t kMaxRecord = size_t{64} << 20;
  static constexpr size_t kMaxFields = 10000;

 private:
  static const std::vector<RecordField> kBlank;
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
  bool read_quoted_field(size_t& at);
  bool end_faulty_field(size_t& at, const char* reason);
  bool has_line_end(size_t begin, size_t end) const;
  bool skip_to_end_of_field(size_t& at) const;
  bool ends_field(size_t at) const;
  std::string_view view(size_t begin, size_t end) const { return {buffer_.data() + begin, end - begin}; }
  void set_fault(const char* reason);
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
  const char* fault_ = nullptr;
  size_t fault_field_ = 0;
  std::string buffer_;
  size_t begin_ = 0;  // where the record begins
  size_t raw_size_ = 0;
  size_t end_ = 0;  // after the record's end
  bool at_end_ = false;
  uint64_t line_ = 0;
  uint64_t next_line_ = 1;
  uint64_t record_ = 0;
  // Empty lines before the record that next() has read, which are known to be records by then.
  bool blank_ = false;  // the record is one of them
  bool held_ = false;   // next()'s record is still to come
  uint64_t blanks_ = 0;
  uint64_t blank_line_ = 0;
  uint64_t blank_lines_ = 1;  // of each
  uint64_t blank_record_ = 0;
  std::string decoded_;
  std::vector<Piece> pieces_;
  std::vector<RecordField> fields_;
};

}  // namespace tablegate::loader
