#include "core/shared/usage_table.hpp"

#include <algorithm>
#include <cstring>

#include "core/mix.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kRow = 8;  // slots examined in a row, in each of two places

// A process that sees `filled` also sees what was written before it.
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcquire = std::memory_order_acquire;

}  // namespace

UsageTable::UsageTable(void* memory, size_t size) : header_(static_cast<Header*>(memory)) {
  slots_ = reinterpret_cast<UsageSlot*>(header_ + 1);
  count_ = (size - sizeof(Header)) / sizeof(UsageSlot) / kRow * kRow;
}

uint64_t UsageTable::key_of(uint32_t api_id, std::string_view consumer) {
  return std::max<uint64_t>(1, mix(consumer.substr(0, kUsageName), api_id));
}

// The pair's slot, or a new one: a free one, else the one that was called longest ago.
UsageSlot& UsageTable::find_place(uint64_t key, int64_t now, bool& fresh) {
  const size_t buckets = count_ / kRow;
  const size_t starts[] = {key % buckets * kRow, mix(key) % buckets * kRow};
  for (;;) {
    UsageSlot* oldest = nullptr;
    uint64_t oldest_key = 0;
    uint64_t oldest_time = UINT64_MAX;
    for (size_t i = 0; i < 2 * kRow; ++i) {
      UsageSlot& slot = slots_[starts[i / kRow] + i % kRow];
      const uint64_t seen = slot.key.load(kRelaxed);
      fresh = false;
      if (seen == key) return slot;
      const uint64_t time = seen == 0 ? 0 : std::max<uint64_t>(1, slot.last.load(kRelaxed));
      if (time < oldest_time) {
        oldest = &slot;
        oldest_key = seen;
        oldest_time = time;
      }
    }
    fresh = true;
    // Before the key; otherwise others would take the new pair for the one called longest ago.
    oldest->last.store(static_cast<uint64_t>(now), kRelaxed);
    if (!oldest->key.compare_exchange_strong(oldest_key, key, kRelaxed)) continue;
    if (oldest_key != 0 && static_cast<int64_t>(oldest_time) + kUsageRecent > now)
      header_->lost.fetch_add(1, kRelaxed);
    return *oldest;
  }
}

void UsageTable::fill(UsageSlot& slot, uint64_t key, uint32_t api_id, std::string_view consumer) {
  consumer = consumer.substr(0, kUsageName);
  slot.filled.store(0, kRelaxed);
  slot.calls.store(0, kRelaxed);
  slot.instance.store(header_->instances.fetch_add(1, kRelaxed) + 1, kRelaxed);
  slot.api.store((uint64_t{api_id} << 32U) | consumer.size(), kRelaxed);
  for (size_t i = 0; i < slot.name.size(); ++i) {
    uint64_t word = 0;
    const size_t at = i * sizeof(word);
    if (at < consumer.size())
      std::memcpy(&word, consumer.data() + at, std::min(sizeof(word), consumer.size() - at));
    slot.name[i].store(word, kRelaxed);
  }
  slot.filled.store(key, kRelease);
}

bool UsageTable::count_in(UsageSlot& slot, uint64_t key, int64_t now) {
  if (slot.filled.load(kRelaxed) != key || slot.key.load(kRelaxed) != key) return false;
  slot.calls.fetch_add(1, kRelaxed);
  if (slot.last.load(kRelaxed) != static_cast<uint64_t>(now))
    slot.last.store(static_cast<uint64_t>(now), kRelaxed);
  return true;
}

UsageSlot& UsageTable::count(uint64_t key, uint32_t api_id, std::string_view consumer, int64_t now) {
  bool fresh = false;
  UsageSlot& slot = find_place(key, now, fresh);
  if (!fresh) {
    if (count_in(slot, key, now)) return slot;
    // Another process is filling it right now.
    if (static_cast<int64_t>(slot.last.load(kRelaxed)) + 1 >= now) {
      slot.calls.fetch_add(1, kRelaxed);
      return slot;
    }
  }
  // We fill it, perhaps in place of a process that died before the end: the pair is the same.
  fill(slot, key, api_id, consumer);
  count_in(slot, key, now);
  return slot;
}

std::vector<UsageEntry> UsageTable::read() const {
  std::vector<UsageEntry> entries;
  for (size_t i = 0; i < count_; ++i) {
    const UsageSlot& slot = slots_[i];
    const uint64_t key = slot.key.load(kRelaxed);
    if (key == 0 || slot.filled.load(kAcquire) != key) continue;
    UsageEntry entry;
    const uint64_t api = slot.api.load(kRelaxed);
    entry.api_id = static_cast<uint32_t>(api >> 32U);
    entry.instance = slot.instance.load(kRelaxed);
    entry.calls = slot.calls.load(kRelaxed);
    entry.last = static_cast<int64_t>(slot.last.load(kRelaxed));
    entry.consumer.resize(kUsageName);
    for (size_t word = 0; word < slot.name.size(); ++word) {
      const uint64_t bytes = slot.name[word].load(kRelaxed);
      std::memcpy(entry.consumer.data() + word * sizeof(bytes), &bytes, sizeof(bytes));
    }
    entry.consumer.resize(std::min<size_t>(kUsageName, static_cast<uint32_t>(api)));
    // Another pair took the slot meanwhile, or its words are mixed with older ones: the next read has it.
    std::atomic_thread_fence(kAcquire);
    if (slot.filled.load(kRelaxed) != key || key_of(entry.api_id, entry.consumer) != key) continue;
    if (entry.calls != 0) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace tablegate::core
