#include "core/shared/nonce_times.hpp"

#include <algorithm>

namespace tablegate::core {

void NonceTimes::serve(int64_t window, int64_t now) {
  int64_t served = served_.load();
  for (;;) {
    const int64_t before = served - 1;
    if (served != 0 && before != window) {
      // A process of before may have taken a time that was `before` seconds ahead. One more for clocks that
      // nginx reads once a turn. An earlier change that still matters keeps its smaller window. Written
      // before the window is: other processes of ours may serve from then on. They all write the same.
      const bool matters = aged_until_.load() + window >= now;
      const int64_t aged = matters ? std::min(aged_window_.load(), before) : before;
      aged_window_.store(aged);
      aged_until_.store(std::max(aged_until_.load(), now + before + 1));
    }
    if (served_.compare_exchange_strong(served, window + 1)) return;
  }
}

NonceTimes::Limits NonceTimes::limits(int64_t window) const {
  const int64_t served = std::max<int64_t>(0, served_.load() - 1);
  const int64_t largest = std::max({window, served, int64_t{1}});
  return {valid_from_.load(), aged_until_.load(), aged_window_.load(), 2 * largest, served};
}

}  // namespace tablegate::core
