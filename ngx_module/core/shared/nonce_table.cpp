#include "core/shared/nonce_table.hpp"

#include <algorithm>
#include <cstring>

#include "core/mix.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kBucket =
    32;  // slots examined in a row, in each of two places: one place alone fills unevenly
constexpr size_t kProbedSlots = 2 * kBucket;
constexpr int64_t kTick = 8;  // unit of the time in a slot, in seconds: 2^24 of them are four years
constexpr uint64_t kTimeMask = (uint64_t{1} << 24U) - 1;

// The more an owner holds, the more it leaves free in each bucket, up to a quarter: nonces that are chosen to
// fill the same buckets do not keep others out. An owner leaves one slot for each 64th of the store that it
// holds.
constexpr size_t kMostLeftFree = kBucket / 4;
constexpr size_t kStep = 64;
// A nonce goes to the first of its buckets as long as that has so much room: then processes that bring the
// same one meet at the same slot.
constexpr size_t kRoomy = kBucket / 2;

uint64_t read_word(const Digest& digest, size_t at) {
  uint64_t word = 0;
  std::memcpy(&word, digest.data() + at, sizeof(word));
  return word;
}

// Whether a slot is still valid. Times are compared as distances on the circle of 2^24 ticks.
bool is_live(uint64_t word, uint64_t now_tick) {
  if (word == 0) return false;
  const uint64_t ahead = (word - now_tick) & kTimeMask;
  return ahead != 0 && ahead <= kTimeMask / 2;
}

bool same_nonce(uint64_t one, uint64_t other) {
  return (one & ~kTimeMask) == (other & ~kTimeMask);
}

}  // namespace

// How many nonces of one owner (or of the few that share the cell) were stored in this period and the
// previous one: never fewer than are stored now. The word of a period holds its number and the count.
struct NonceTable::Quota {
  Word periods[2];

  static uint64_t count(uint64_t word, uint32_t period) {
    return static_cast<uint32_t>(word >> 32U) == period ? word & UINT32_MAX : 0;
  }
  uint64_t used(uint32_t period) const {
    return count(periods[period & 1U].load(std::memory_order_relaxed), period) +
           count(periods[(period - 1) & 1U].load(std::memory_order_relaxed), period - 1);
  }
  void add(uint32_t period) {
    Word& word = periods[period & 1U];
    uint64_t seen = word.load(std::memory_order_relaxed);
    uint64_t next = 0;
    do {
      next = (uint64_t{period} << 32U) | std::min<uint64_t>(count(seen, period) + 1, UINT32_MAX);
    } while (!word.compare_exchange_weak(seen, next, std::memory_order_relaxed));
  }
};

NonceTable::NonceTable(void* memory, size_t size)
    : live_(static_cast<Word*>(memory)), quota_count_(std::min<size_t>(1024, size / 256) / kCells * kCells) {
  auto* next = static_cast<std::byte*>(memory) + sizeof(Word);
  quotas_ = reinterpret_cast<Quota*>(next);
  next += quota_count_ * sizeof(Quota);
  slots_ = reinterpret_cast<Word*>(next);
  slot_count_ = (size - sizeof(Word) - quota_count_ * sizeof(Quota)) / sizeof(Word) / kBucket * kBucket;
}

// One cell in each quarter of them.
void NonceTable::cells_of(uint64_t owner, Cells& cells) const {
  const size_t part = quota_count_ / kCells;
  for (size_t i = 0; i < kCells; ++i) cells[i] = quotas_ + i * part + mix(owner + i) % part;
}

// Slots come free at ticks only: counted anew once a tick, by whoever comes first.
size_t NonceTable::live(int64_t now) {
  const auto tick = static_cast<uint32_t>(now / kTick);
  const uint64_t seen = live_->load(std::memory_order_relaxed);
  if (static_cast<uint32_t>(seen >> 32U) == tick) return seen & UINT32_MAX;
  const size_t count = used(now);
  live_->store((uint64_t{tick} << 32U) | count, std::memory_order_relaxed);
  return count;
}

NonceTable::Outcome NonceTable::remember(const Digest& digest, uint64_t owner, int64_t now, int64_t hold) {
  const uint64_t now_tick = static_cast<uint64_t>(now / kTick) & kTimeMask;
  // Rounded up: kept at least as long as requested.
  const uint64_t until = static_cast<uint64_t>((now + hold) / kTick + 1) & kTimeMask;
  uint64_t wanted = (read_word(digest, 0) & ~kTimeMask) | until;
  if (wanted == 0) wanted = kTimeMask + 1;
  const size_t buckets = slot_count_ / kBucket;
  const size_t starts[] = {read_word(digest, 8) % buckets * kBucket,
                           read_word(digest, 16) % buckets * kBucket};
  const auto slot = [this, &starts](size_t i) -> Word& { return slots_[starts[i / kBucket] + i % kBucket]; };

  Cells cells;
  cells_of(owner, cells);
  const auto period = static_cast<uint32_t>(now / hold);
  uint64_t held = UINT64_MAX;
  for (const Quota* cell : cells) held = std::min(held, cell->used(period));
  const size_t taken = live(now);
  const bool may_more = taken < slot_count_ && held < slot_count_ - taken;
  const size_t left_free = std::min<size_t>(kMostLeftFree, held * kStep / slot_count_);
  for (;;) {
    Word* first[2] = {};
    uint64_t first_word[2] = {};
    size_t free_slots[2] = {};
    for (size_t i = 0; i < kProbedSlots; ++i) {
      const uint64_t word = slot(i).load();
      if (is_live(word, now_tick)) {
        if (same_nonce(word, wanted)) return Outcome::replayed;
        continue;
      }
      const size_t bucket = i / kBucket;
      if (free_slots[bucket]++ != 0) continue;
      first[bucket] = &slot(i);
      first_word[bucket] = word;
    }
    const size_t bucket = free_slots[0] > kRoomy || free_slots[0] >= free_slots[1] ? 0 : 1;
    if (!may_more || free_slots[bucket] <= left_free) return Outcome::full;
    Word* const free = first[bucket];
    // Another process was faster: examine the slots again.
    if (!free->compare_exchange_strong(first_word[bucket], wanted)) continue;
    // Another process may have used another slot for the same nonce, if a slot between expired meanwhile.
    // Both check after writing, so that at least one sees the other.
    for (size_t i = 0; i < kProbedSlots; ++i) {
      Word& other = slot(i);
      if (&other == free) continue;
      const uint64_t word = other.load();
      if (is_live(word, now_tick) && same_nonce(word, wanted)) return Outcome::replayed;
    }
    for (Quota* cell : cells) cell->add(period);
    live_->fetch_add(1, std::memory_order_relaxed);
    return Outcome::fresh;
  }
}

size_t NonceTable::used(int64_t now) const {
  constexpr size_t kLookedAt = 65536;
  const uint64_t now_tick = static_cast<uint64_t>(now / kTick) & kTimeMask;
  const size_t step =
      std::max<size_t>(1, slot_count_ / kLookedAt) | 1U;  // odd: covers all places of a bucket
  size_t live = 0;
  size_t looked_at = 0;
  for (size_t i = 0; i < slot_count_; i += step, ++looked_at) {
    if (is_live(slots_[i].load(std::memory_order_relaxed), now_tick)) ++live;
  }
  return looked_at == 0 ? 0 : live * slot_count_ / looked_at;
}

}  // namespace tablegate::core
