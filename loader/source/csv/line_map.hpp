// On which line of a file each row of a COPY began: what PostgreSQL counts are
// rows. Runs of rows of a line each take one entry; the oldest are forgotten
// where there would be a million.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace tablegate::loader {

class LineMap {
 public:
  // The next row begins on this line.
  void add(uint64_t line) { add(rows_ + 1, line); }
  // The same of a row whose number, above those before, is known: those between have none of their own.
  void add(uint64_t row, uint64_t line) {
    rows_ = row;
    if (!runs_.empty() && runs_.back().line + (rows_ - runs_.back().row) == line) return;
    runs_.push_back({rows_, line});
    if (runs_.size() > kMaxRuns) runs_.pop_front();
  }
  // Of a row counted from 1; 0: forgotten, or there is no such row.
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
