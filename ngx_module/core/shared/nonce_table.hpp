// The nonces that signatures have used: a table of fixed slots over memory that
// processes share (nginx: half of tablegate_zone), without a lock. Each slot is
// one 64-bit word, taken by one compare-and-swap: 40 bits of a digest of access
// key and nonce, 24 bits of the time until which it counts. A process that dies
// leaves nothing half-written.
//
// A nonce is never taken for fresh while it is remembered. The other way round,
// a fresh one is taken for used once in some 10^10 requests (64 slots compared
// by 40 bits). Two processes that bring the same nonce while a slot between
// theirs expires may both be refused, never both be let in.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/digest.hpp"

namespace tablegate::core {

class NonceTable {
 public:
  enum class Outcome : uint8_t { fresh, replayed, full };

  // Attaches to `size` bytes at `memory`, which were zero before the first attached, are aligned for 64-bit
  // words and outlive the table. At least 4 KiB.
  NonceTable(void* memory, size_t size);

  // Remembers the nonce that `digest` stands for until `now` + `hold` (seconds since 1970; seconds, at most a
  // year). `key` tells whose nonce it is: one key can fill half of the slots at most. full: nothing was
  // remembered, refuse.
  Outcome remember(const Digest& digest, uint64_t key, int64_t now, int64_t hold);

  size_t slots() const { return slot_count_; }
  // How many of them hold a nonce at `now`, nearly: a large table is judged by a part of it.
  size_t used(int64_t now) const;

 private:
  using Word = std::atomic<uint64_t>;
  static_assert(Word::is_always_lock_free);
  struct Quota;

  bool below_quota(const Quota& quota, uint32_t period) const;

  Quota* quotas_;
  size_t quota_count_;
  Word* slots_;
  size_t slot_count_;
};

}  // namespace tablegate::core
