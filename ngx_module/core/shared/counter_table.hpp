// Counts the answers of each API version over all workers of a node: fixed
// cells in shared memory (a part of tablegate_zone), found by open addressing,
// without a lock. A worker finds its cell once and keeps the pointer; counting
// is then one relaxed addition per number. A process that dies leaves nothing
// inconsistent. If no cell is free, a cell is taken whose version is in no
// recent configuration (a worker of an old one may then count its last requests
// for the new owner). If there is none either, one common cell counts: no
// request ever fails for it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/answer/problem.hpp"

namespace tablegate::core {

using SharedWord = std::atomic<uint64_t>;
static_assert(SharedWord::is_always_lock_free);

constexpr auto kRelaxed = std::memory_order_relaxed;

inline uint64_t value_of(const SharedWord& word) {
  return word.load(kRelaxed);
}

// The numbers of one API version. All zero: empty.
struct CounterCell {
  SharedWord key;           // 0: free
  SharedWord generation;    // the newest configuration that has the version
  SharedWord requests;      // answered, including errors
  SharedWord abandoned;     // whose client left before the answer
  SharedWord cut;           // lists that had more rows than max_records
  SharedWord truncated;     // answers that broke off after their header
  SharedWord milliseconds;  // from the request's first byte to its answer, over all `requests`
  std::array<SharedWord, static_cast<size_t>(Slug::count)> errors;  // by slug

  // `slug` none: the answer is not an error.
  void count(Slug slug, uint64_t ms);
  void count_cut() { cut.fetch_add(1, std::memory_order_relaxed); }
  void count_truncated() { truncated.fetch_add(1, std::memory_order_relaxed); }
  void count_abandoned() { abandoned.fetch_add(1, std::memory_order_relaxed); }
};

class CounterTable {
 public:
  // Uses `size` bytes at `memory`, which must be zero before the first use, aligned for 64-bit words, and
  // outlive the table. At least 1 KiB.
  CounterTable(void* memory, size_t size);

  // The cell of an API version, taken now if it has none; other() when the table is full. `api_id` is not 0;
  // `generation` numbers configurations, which call keep() for their versions.
  CounterCell& take(uint32_t api_id, uint32_t version, uint64_t generation);
  // Configuration `generation` has this version: its cell, if any, must not be taken over.
  void keep(uint32_t api_id, uint32_t version, uint64_t generation);
  // The version's own cell, or null if it has none.
  CounterCell* find(uint32_t api_id, uint32_t version) const;
  // For versions without a cell of their own.
  CounterCell& other() const { return cells_[0]; }
  // For requests that found no API.
  CounterCell& unmatched() const { return cells_[1]; }

  size_t cells() const { return count_; }
  // The size of a table in which this many versions find a cell each.
  static size_t size_for(size_t versions);

 private:
  CounterCell* cells_;
  size_t count_;  // of API versions; after the two above
};

}  // namespace tablegate::core
