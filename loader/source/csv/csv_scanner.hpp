// Where records begin in CSV that goes to PostgreSQL's COPY as it is: so that
// COPY's end marker is never mistaken for data, and the lines that COPY counts
// can be told as those of the file. COPY counts only the line ends inside quotes
// that are like the first one outside: no LF where lines end with CR LF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "source/csv/line_map.hpp"

namespace tablegate::loader {

// Watches the records go by, in chunks cut anywhere.
class CsvScanner {
 public:
  // False when a record is `\.` alone, which PostgreSQL before 18 takes as the end of all data.
  bool scan(std::string_view chunk);
  // The same question once the data have ended, or no more of them are sent.
  bool finish();
  uint64_t records() const { return records_; }
  // Where the last record begins.
  uint64_t line() const { return begin_; }
  // Where the record begins for which COPY says `copied`; `copied` where that is not known.
  uint64_t line_of(uint64_t copied) const;

 private:
  // carriage: behind a CR that ended a record, perhaps with an LF to come.
  enum class State : uint8_t { start, carriage, plain, quoted, backslash, marker };

  void begin_record();
  void end_record(char c);

  State state_ = State::start;
  char counted_ = '\r';  // the line end that COPY counts inside quotes: CR until a line ended with LF
  uint64_t records_ = 0;
  uint64_t lines_ = 0;   // that have ended
  uint64_t begin_ = 0;   // the record's line
  uint64_t copied_ = 0;  // what COPY has counted
  bool ended_ = false;   // some record has
  LineMap begins_;       // by what COPY says of them
};

}  // namespace tablegate::loader
