// How far a long command is: one line on a terminal, rewritten at most ten times a
// second and wiped in the end; nothing where stderr is no terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace tablegate::loader {

class Progress {
 public:
  // `shown` false: says nothing in any case.
  explicit Progress(bool shown);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // "testing 120 of 1000"
  void step(std::string_view what, size_t done, size_t total);
  void clear();

 private:
  bool shown_;
  bool printed_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace tablegate::loader
