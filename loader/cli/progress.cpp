#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace tablegate::loader {

Progress::Progress(bool shown) : shown_(shown && isatty(STDERR_FILENO) != 0) {}

void Progress::step(std::string_view what, size_t done, size_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  fmt::print(stderr, "\r\x1b[K{} {} of {}", what, done, total);
  std::fflush(stderr);
  printed_ = true;
}

void Progress::clear() {
  if (printed_) fmt::print(stderr, "\r\x1b[K");
  printed_ = false;
}

}  // namespace tablegate::loader
