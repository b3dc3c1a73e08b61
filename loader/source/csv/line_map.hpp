// The line of a file where each row of a COPY began: PostgreSQL counts rows,
// not lines. A run of one-line rows takes one entry. Beyond a million entries
// the oldest are dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace tablegate::loader {

class LineMap {
 public:
  // The next row begins on this line.
  void add(uint64_t line) { add(rows_ + 1, line); }
  // The same for a row with this number, which must be above those before it; the rows between have no line.
  void add(uint64_t row, uint64_t line) {
    rows_ = row;
    if (!runs_.empty() && runs_.back().line + (rows_ - runs_.back().row) == line) return;
    runs_.push_back({rows_, line});
    if (runs_.size() > kMaxRuns) runs_.pop_front();
  }
  // The line of a row counted from 1; 0: dropped, or there is no such row.
  uint64_t line_of(uint64_t row) const {
    if (row == 0 || row > rows_) return 0;
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
      if (run->row <= row) return run->line + (row - run->row);
    }
    return 0;
  }

 private:
  struct Run {
    uint64_t row;
    uint64_t line;
  };
  static constexpr size_t kMaxRuns = size_t{1} << 20;

  std::deque<Run> runs_;
  uint64_t rows_ = 0;
};

}  // namespace tablegate::loader
