#include "core/counter_table.hpp"

#include "core/mix.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kReserved = 2;  // other(), unmatched()
constexpr size_t kProbed = 64;   // cells looked at: at 90 % full, one in a thousand would look further

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

CounterCell& CounterTable::take(uint32_t api_id, uint32_t version) {
  const uint64_t key = key_of(api_id, version);
  size_t at = mix(key) % count_;
  for (size_t i = 0; i < kProbed && i < count_; ++i, at = at + 1 == count_ ? 0 : at + 1) {
    CounterCell& cell = cells_[kReserved + at];
    uint64_t seen = cell.key.load(std::memory_order_relaxed);
    if (seen == 0 && cell.key.compare_exchange_strong(seen, key, std::memory_order_relaxed)) return cell;
    if (seen == key) return cell;  // also where another process was faster
  }
  return other();
}

const CounterCell* CounterTable::find(uint32_t api_id, uint32_t version) const {
  const uint64_t key = key_of(api_id, version);
  size_t at = mix(key) % count_;
  for (size_t i = 0; i < kProbed && i < count_; ++i, at = at + 1 == count_ ? 0 : at + 1) {
    const CounterCell& cell = cells_[kReserved + at];
    const uint64_t seen = cell.key.load(std::memory_order_relaxed);
    if (seen == key) return &cell;
    if (seen == 0) return nullptr;
  }
  return nullptr;
}

}  // namespace tablegate::core
