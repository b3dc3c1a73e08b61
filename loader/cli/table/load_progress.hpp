// How far a load is, on stderr: one line that is rewritten where it is a
// terminal, else a plain line every ten seconds of a long load. Rows, bytes, the
// share where somebody knows the whole, the rate, and the time that is left.
#pragma once

#include <chrono>
#include <string>

#include "source/table_source.hpp"

namespace tablegate::loader {

// "120000 rows, 4.1 MB of 8.2 MB (50 %), 60000 rows/s, 2 s left"; `seconds` since the first row.
std::string progress_text(const CopyProgress& progress, double seconds);

class LoadProgress {
 public:
  // `shown` false: says nothing.
  LoadProgress(std::string table, bool shown);
  ~LoadProgress();
  LoadProgress(const LoadProgress&) = delete;
  LoadProgress& operator=(const LoadProgress&) = delete;

  void copying(const CopyProgress& progress);
  void step(const std::string& name);
  // What lasts: as often as copying() prints.
  void working(const std::string& what);
  // A line that stays, in any case.
  void done(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  bool is_due() const;
  void print(const std::string& text);

  std::string table_;
  bool shown_;
  bool terminal_;
  bool printed_ = false;
  Clock::time_point start_;
  Clock::time_point last_;  // line, or the start
};

}  // namespace tablegate::loader
