// The little of CSV (RFC 4180) that the loader reads itself: the first record,
// for its names, and where records begin, so that COPY's end marker is never
// mistaken for data. All else is PostgreSQL's COPY.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tablegate::loader {

struct CsvRecord {
  std::vector<std::string> fields;
  size_t size = 0;   // bytes it takes, its line end included
  size_t lines = 0;  // line ends in it
  bool complete = false;
};

// The first record of `text`. Not complete: more bytes are needed (`at_end`: an open quote at the end of the
// file).
CsvRecord read_csv_record(std::string_view text, char delimiter, bool at_end);

// Watches the records go by, in chunks cut anywhere.
class CsvScanner {
 public:
  // False when a record is `\.` alone, which PostgreSQL before 18 takes as the end of all data.
  bool scan(std::string_view chunk);
  // The same question once the data have ended.
  bool finish() const { return state_ != State::marker; }
  uint64_t records() const { return records_; }
  uint64_t lines() const { return lines_; }

 private:
  enum class State : uint8_t { start, plain, quoted, backslash, marker };
  State state_ = State::start;
  uint64_t records_ = 0;
  uint64_t lines_ = 0;
};

}  // namespace tablegate::loader
