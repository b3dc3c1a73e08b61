// What each API version answered, counted by all workers of a node: fixed cells
// over memory that processes share (a part of tablegate_zone), found by open
// addressing, without a lock. A worker finds its cell once and keeps the pointer;
// counting is then one relaxed addition a number. A process that dies leaves
// nothing half-written. Where no cell is free, one is taken over whose version no
// configuration of late knows (a worker of an old one that still finishes its
// requests may then count a few for the new owner). A table full of versions
// that live counts in one cell for all others: no request ever fails for it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/answer/problem.hpp"

namespace tablegate::core {

using SharedWord = std::atomic<uint64_t>;
static_assert(SharedWord::is_always_lock_free);

// The numbers of one API version. All zero is empty.
struct CounterCell {
  SharedWord key;           // 0: free
  SharedWord generation;    // the newest configuration that knows the version
  SharedWord requests;      // answered, errors included
  SharedWord abandoned;     // whose client left before the answer
  SharedWord milliseconds;  // from the request's first byte to its answer, of all `requests`
  std::array<SharedWord, static_cast<size_t>(Slug::count)> errors;  // by slug

  // `slug` none: an answer that is no error.
  void count(Slug slug, uint64_t ms);
  void count_abandoned() { abandoned.fetch_add(1, std::memory_order_relaxed); }
};

class CounterTable {
 public:
  // Attaches to `size` bytes at `memory`, which were zero before the first attached, are aligned for 64-bit
  // words and outlive the table. At least 1 KiB.
  CounterTable(void* memory, size_t size);

  // The cell of an API's version, taken now where it has none; other() when the table is full. `api_id` is
  // not 0; `generation` counts configurations, each knows its version's cells by keep().
  CounterCell& take(uint32_t api_id, uint32_t version, uint64_t generation);
  // Configuration `generation` has this version: its cell, if there is one, is not taken over.
  void keep(uint32_t api_id, uint32_t version, uint64_t generation);
  // The cell, or null where nothing was counted in one of its own.
  CounterCell* find(uint32_t api_id, uint32_t version) const;
  // What found no cell of its own.
  CounterCell& other() const { return cells_[0]; }
  // Requests that found no API.
  CounterCell& unmatched() const { return cells_[1]; }

  size_t cells() const { return count_; }

 private:
  CounterCell* cells_;
  size_t count_;  // of API versions; they stand behind the two above
};

}  // namespace tablegate::core
