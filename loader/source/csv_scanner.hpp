// Where records begin in CSV that goes to PostgreSQL's COPY as it is, so that
// COPY's end marker is never mistaken for data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tablegate::loader {

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
