// Which signed times a gateway may accept, given what its nonce table can know:
// a few words in memory that processes share (nginx: the start of tablegate_zone).
// A nonce is remembered for twice the window of its time. So where the window has
// grown, times of before still have the window of before.
#pragma once

#include <atomic>
#include <cstdint>

namespace tablegate::core {

// Zero bytes are a valid one that is not served yet. All times are seconds since 1970, windows seconds.
class NonceTimes {
 public:
  struct Limits {
    int64_t valid_from;   // times signed before are stale: no nonce of then is known
    int64_t aged_until;   // times signed before ...
    int64_t aged_window;  // ... may be no older than this
    int64_t hold;         // how long a nonce is remembered
    int64_t window;       // no time may be farther away: others may remember for no more; 0: any
  };

  // The table is empty. By the process that made the memory, before any other attaches.
  void begin(int64_t now) { valid_from_.store(now); }
  // A process serves the largest window `window` from now on. Before its first request, by its real clock.
  void serve(int64_t window, int64_t now);
  // For a process that serves `window`. During a reload there are two windows: nonces are remembered for the
  // larger one, and times accepted within that of the new processes.
  Limits limits(int64_t window) const;

 private:
  using Word = std::atomic<int64_t>;
  static_assert(Word::is_always_lock_free);

  Word served_{0};  // the latest window + 1; 0: none yet
  Word valid_from_{0};
  Word aged_until_{0};
  Word aged_window_{0};
};

}  // namespace tablegate::core
