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
  // year). `owner` tells whose nonce it is. full: nothing was remembered, because the owner holds as many as
  // are free, or because there is no room for this nonce; refuse.
  Outcome remember(const Digest& digest, uint64_t owner, int64_t now, int64_t hold);

  size_t slots() const { return slot_count_; }
  // How many of them hold a nonce at `now`, nearly: a large table is judged by a part of it.
  size_t used(int64_t now) const;

 private:
  using Word = std::atomic<uint64_t>;
  static_assert(Word::is_always_lock_free);
  struct Quota;
  static constexpr size_t kCells = 4;  // an owner has so many, and holds no more than the least of them says
  using Cells = Quota* [kCells];

  void cells_of(uint64_t owner, Cells& cells) const;
  size_t live(int64_t now);

  Word* live_;  // low 32 bits: how many slots are used; high 32 bits: the second when they were counted
  Quota* quotas_;
  size_t quota_count_;
  Word* slots_;
  size_t slot_count_;
};

}  // namespace tablegate::core
