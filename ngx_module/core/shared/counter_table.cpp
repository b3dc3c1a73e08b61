#include "core/shared/counter_table.hpp"

#include <algorithm>

#include "core/mix.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kReserved = 2;  // other(), unmatched()
// Cells that are examined: a table that is two thirds full practically never needs more.
constexpr size_t kProbed = 256;
constexpr size_t kSpare = 2;  // one cell in three stays free
constexpr size_t kFewMore = 4;
constexpr uint64_t kLate = 2;   // generations: few older workers are left
constexpr uint64_t kTaken = 1;  // a key that no API has: the cell is passing from one version to another
constexpr int kPatience =
    4096;  // checks of such a cell: the process that takes it needs nanoseconds, unless it died

// Raises the cell's generation.
void set_generation(CounterCell& cell, uint64_t generation) {
  uint64_t seen = cell.generation.load(std::memory_order_relaxed);
  while (seen < generation &&
         !cell.generation.compare_exchange_weak(seen, generation, std::memory_order_relaxed)) {
  }
}

uint64_t key_of(uint32_t api_id, uint32_t version) {
  return (uint64_t{api_id} << 32U) | version;
}

}  // namespace

void CounterCell::count(Slug slug, uint64_t ms) {
  requests.fetch_add(1, std::memory_order_relaxed);
  if (ms != 0) milliseconds.fetch_add(ms, std::memory_order_relaxed);
  if (slug != Slug::none) errors[static_cast<size_t>(slug)].fetch_add(1, std::memory_order_relaxed);
}

CounterTable::CounterTable(void* memory, size_t size)
    : cells_(static_cast<CounterCell*>(memory)), count_(size / sizeof(CounterCell) - kReserved) {}

size_t CounterTable::size_for(size_t versions) {
  // Up to kProbed cells are all examined; a few are free for the versions of the next publications.
  const size_t cells = versions + std::max(versions / kSpare, kFewMore);
  return (kReserved + cells) * sizeof(CounterCell);
}

CounterCell& CounterTable::take(uint32_t api_id, uint32_t version, uint64_t generation) {
  const uint64_t key = key_of(api_id, version);
  for (int look = 0; look < kPatience; ++look) {
    CounterCell* old = nullptr;  // of the cells that may be taken, the one with the oldest generation
    uint64_t old_key = 0;
    uint64_t old_generation = generation > kLate ? generation - kLate : 0;
    bool moving = false;
    size_t at = mix(key) % count_;
    for (size_t i = 0; i < kProbed && i < count_; ++i, at = at + 1 == count_ ? 0 : at + 1) {
      CounterCell& cell = cells_[kReserved + at];
      uint64_t seen = cell.key.load(std::memory_order_acquire);
      if (seen == 0 && cell.key.compare_exchange_strong(seen, key)) seen = key;
      if (seen == key) {  // also if another process was faster
        set_generation(cell, generation);
        return cell;
      }
      const uint64_t known = cell.generation.load(std::memory_order_relaxed);
      moving = moving || seen == kTaken;
      if (seen == kTaken || known == 0 || known >= old_generation) continue;  // 0: it is new
      old = &cell;
      old_key = seen;
      old_generation = known;
    }
    if (moving && look + 1 < kPatience) continue;  // perhaps to this very version
    if (old == nullptr) break;
    if (!old->key.compare_exchange_strong(old_key, kTaken)) continue;
    for (SharedWord* word : {&old->requests, &old->abandoned, &old->cut, &old->truncated, &old->milliseconds})
      word->store(0, std::memory_order_relaxed);
    for (SharedWord& word : old->errors) word.store(0, std::memory_order_relaxed);
    old->generation.store(generation, std::memory_order_relaxed);
    old->key.store(key, std::memory_order_release);
    return *old;
  }
  return other();
}

void CounterTable::keep(uint32_t api_id, uint32_t version, uint64_t generation) {
  if (CounterCell* cell = find(api_id, version)) set_generation(*cell, generation);
}

CounterCell* CounterTable::find(uint32_t api_id, uint32_t version) const {
  const uint64_t key = key_of(api_id, version);
  size_t at = mix(key) % count_;
  for (size_t i = 0; i < kProbed && i < count_; ++i, at = at + 1 == count_ ? 0 : at + 1) {
    CounterCell& cell = cells_[kReserved + at];
    const uint64_t seen = cell.key.load(std::memory_order_relaxed);
    if (seen == key) return &cell;
    if (seen == 0) return nullptr;
  }
  return nullptr;
}

}  // namespace tablegate::core
