// Finds where records begin in CSV that goes to PostgreSQL's COPY unchanged, so
// that data are never mistaken for COPY's end marker, and the line numbers that
// COPY reports can be converted to lines of the file. COPY counts only those
// line ends inside quotes that are like the first one outside: no LF where
// lines end with CR LF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "source/csv/line_map.hpp"

namespace tablegate::loader {

// Follows the records, in chunks cut anywhere.
class CsvScanner {
 public:
  // False when a record is `\.` alone, which PostgreSQL before 18 reads as the end of all data.
  bool scan(std::string_view chunk);
  // The same check at the end of the data.
  bool finish();
  uint64_t records() const { return records_; }
  // Where the last record begins.
  uint64_t line() const { return begin_; }
  // The line where the record begins that COPY numbers `copied`; `copied` itself where that is not known.
  uint64_t line_of(uint64_t copied) const;

 private:
  // carriage: after a CR that ended a record; an LF may follow.
  enum class State : uint8_t { start, carriage, plain, quoted, backslash, marker };

  void begin_record();
  void end_record(char c);

  State state_ = State::start;
  char counted_ = '\r';  // the line end that COPY counts inside quotes: CR until a line ended with LF
  uint64_t records_ = 0;
  uint64_t lines_ = 0;   // ended so far
  uint64_t begin_ = 0;   // line where the record begins
  uint64_t copied_ = 0;  // lines that COPY has counted
  bool ended_ = false;   // a record has ended
  LineMap begins_;       // lines by COPY's numbers
};

}  // namespace tablegate::loader
