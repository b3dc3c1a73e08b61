#include "core/shared/nonce_table.hpp"

#include <algorithm>
#include <cstring>

namespace tablegate::core {

namespace {

constexpr size_t kBucket =
    32;  // slots examined in a row, in each of two places: one place alone fills unevenly
constexpr size_t kProbed = 2 * kBucket;
constexpr int64_t kTick = 8;  // unit of the time in a slot, in seconds: 2^24 of them are four years
constexpr uint64_t kTimeMask = (uint64_t{1} << 24U) - 1;

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

// How many nonces of one key (or of the few that share the cell) were stored in this period and the previous
// one: never fewer than are stored now. The word of a period holds its number and the count.
struct NonceTable::Quota {
  Word periods[2];

  static uint64_t count(uint64_t word, uint32_t period) {
    return static_cast<uint32_t>(word >> 32U) == period ? word & UINT32_MAX : 0;
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
    : quotas_(static_cast<Quota*>(memory)), quota_count_(std::min<size_t>(1024, size / 256)) {
  auto* first = static_cast<std::byte*>(memory) + quota_count_ * sizeof(Quota);
  slots_ = reinterpret_cast<Word*>(first);
  slot_count_ = (size - quota_count_ * sizeof(Quota)) / sizeof(Word) / kBucket * kBucket;
}

bool NonceTable::below_quota(const Quota& quota, uint32_t period) const {
  uint64_t used = 0;
  for (uint32_t back = 0; back < 2; ++back) {
    used += Quota::count(quota.periods[(period - back) & 1U].load(std::memory_order_relaxed), period - back);
  }
  return used < slot_count_ / 2;
}

NonceTable::Outcome NonceTable::remember(const Digest& digest, uint64_t key, int64_t now, int64_t hold) {
  const uint64_t now_tick = static_cast<uint64_t>(now / kTick) & kTimeMask;
  // Rounded up: kept at least as long as requested.
  const uint64_t until = static_cast<uint64_t>((now + hold) / kTick + 1) & kTimeMask;
  uint64_t wanted = (read_word(digest, 0) & ~kTimeMask) | until;
  if (wanted == 0) wanted = kTimeMask + 1;
  const size_t buckets = slot_count_ / kBucket;
  const size_t starts[] = {read_word(digest, 8) % buckets * kBucket,
                           read_word(digest, 16) % buckets * kBucket};
  const auto slot = [this, &starts](size_t i) -> Word& { return slots_[starts[i / kBucket] + i % kBucket]; };

  Quota& quota = quotas_[key % quota_count_];
  const auto period = static_cast<uint32_t>(now / hold);
  for (;;) {
    Word* free = nullptr;
    uint64_t free_word = 0;
    for (size_t i = 0; i < kProbed; ++i) {
      const uint64_t word = slot(i).load();
      if (!is_live(word, now_tick)) {
        if (free == nullptr) {
          free = &slot(i);
          free_word = word;
        }
      } else if (same_nonce(word, wanted)) {
        return Outcome::replayed;
      }
    }
    if (free == nullptr || !below_quota(quota, period)) return Outcome::full;
    if (!free->compare_exchange_strong(free_word, wanted))
      continue;  // another process was faster: examine the slot again
    // Another process may have used another slot for the same nonce, if a slot between expired meanwhile.
    // Both check after writing, so that at least one sees the other.
    for (size_t i = 0; i < kProbed; ++i) {
      Word& other = slot(i);
      if (&other == free) continue;
      const uint64_t word = other.load();
      if (is_live(word, now_tick) && same_nonce(word, wanted)) return Outcome::replayed;
    }
    quota.add(period);
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
