// The nonces of accepted signatures: a table of fixed slots in shared memory
// (nginx: half of tablegate_zone), without a lock. A slot is one 64-bit word,
// taken by one compare-and-swap: 40 bits of a digest of access key and nonce,
// and 24 bits for the time until which it is valid. A process that dies leaves
// nothing inconsistent.
// A stored nonce is never accepted again. The other error is possible: about
// one fresh nonce in 10^10 is taken for a used one (64 slots compared by 40
// bits). If two processes bring the same nonce while a slot between theirs
// expires, both may be rejected, but never both accepted.
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

  // Uses `size` bytes at `memory`, which must be zero before the first use, aligned for 64-bit words, and
  // outlive the table. At least 4 KiB.
  NonceTable(void* memory, size_t size);

  // Stores the nonce with this `digest` until `now` + `hold` (seconds since 1970; seconds, at most a year).
  // `owner` identifies its owner. full: nothing was stored, because the owner has as many as are free, or
  // because there is no room for this nonce; reject the request.
  Outcome remember(const Digest& digest, uint64_t owner, int64_t now, int64_t hold);

  size_t slots() const { return slot_count_; }
  // The approximate number of slots with a nonce at `now`: for a large table, estimated from a part of it.
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
