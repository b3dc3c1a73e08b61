// Reads along in CSV that goes to PostgreSQL's COPY unchanged, in chunks cut
// anywhere. Finds what COPY reads differently from RFC 4180 (a stray quote, which
// joins rows, and its end marker) and values that COPY must not get, and converts
// the line numbers that COPY reports to lines of the file. COPY counts only those
// line ends inside quotes that are like the first one outside: no LF where lines
// end with CR LF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "source/csv/line_map.hpp"

namespace tablegate::loader {

class CsvScanner {
 public:
  static constexpr size_t kNoField = SIZE_MAX;

  // Why a value is bad, or empty.
  using Check = std::function<std::string(std::string_view)>;

  // `fields`: how many a record may have; 0: any number.
  explicit CsvScanner(char delimiter, size_t fields = 0);

  // `check` gets each value of these fields, as COPY reads it.
  void watch(std::vector<bool> fields, Check check);

  // False: the record that begins at line() has a fault(); nothing of the chunk may be sent.
  bool scan(std::string_view chunk);
  // The same check at the end of the data. Not `whole`: the data were not sent to their end.
  bool finish(bool whole);
  // kQuoteInside, kTextBehindQuote, the number of fields where it is wrong, what the check reports of a
  // value, or that a record is `\.` alone, which PostgreSQL before 18 reads as the end of all data; empty
  // where there is no fault.
  const std::string& fault() const { return fault_; }
  // The field with the fault, from 0; kNoField: the whole record.
  size_t fault_field() const { return fault_field_; }

  uint64_t records() const { return records_; }
  // Where the last record begins.
  uint64_t line() const { return begin_; }
  // The line where the record begins that COPY numbers `copied`; `copied` itself where that is not known.
  uint64_t line_of(uint64_t copied) const;

 private:
  // start, field: a record, a field begins. carriage: after a CR that ended a record; an LF may follow.
  // closing: after a quote inside a quoted field.
  enum class State : uint8_t { start, carriage, field, plain, quoted, closing, backslash, marker };

  void begin_record();
  bool end_record(char c);
  bool check_record();
  bool begin_field(char c);
  bool pass_plain(char c);
  bool pass_behind_quote(char c);
  void end_field();
  void keep(char c);
  bool watches() const { return field_ < watched_.size() && watched_[field_]; }
  bool fail(const std::string& reason, size_t field);
  size_t skip(std::string_view chunk, size_t at);

  char delimiter_;
  size_t fields_;
  bool special_[256] = {};  // bytes that end a run of plain ones
  State state_ = State::start;
  char counted_ = '\r';  // the line end that COPY counts inside quotes: CR until a line ended with LF
  size_t field_ = 0;     // of the record
  std::vector<bool> watched_;
  Check check_;
  std::string value_;  // of a field that is watched, so far
  // What the check reported of this record: values of a record with a wrong number of fields are in wrong
  // columns, so it counts only at the end of the record.
  std::string bad_value_;
  size_t bad_field_ = kNoField;
  std::string fault_;
  size_t fault_field_ = kNoField;
  uint64_t records_ = 0;
  uint64_t lines_ = 0;   // ended so far
  uint64_t begin_ = 0;   // line where the record begins
  uint64_t copied_ = 0;  // lines that COPY has counted
  bool ended_ = false;   // a record has ended
  LineMap begins_;       // lines by COPY's numbers
};

}  // namespace tablegate::loader
