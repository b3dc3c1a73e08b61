#include "pg/pace.hpp"

#include <algorithm>

namespace tablegate::pg {
namespace {

constexpr uint64_t kLongestUs = 1000000000;
constexpr uint64_t kLargeMs = 60000;  // a result that had to wait is not forgotten for so long

// Moves by a part of the difference; never back to "not known".
void move(uint32_t& estimate, uint64_t sample, int64_t part) {
  sample = std::clamp<uint64_t>(sample, 1, kLongestUs);
  const auto before = static_cast<int64_t>(estimate);
  const auto now = static_cast<int64_t>(sample);
  estimate = static_cast<uint32_t>(before == 0 ? now : std::max<int64_t>(1, before + (now - before) / part));
}

constexpr int64_t kStatementPart = 8;
constexpr int64_t kMeanPart = 16;

}  // namespace

std::size_t Pace::place_of(const StatementKey& key, uint32_t& tag) {
  const uint64_t hash =
      hash_of({key.route, key.path, 0});  // of one statement before and after its table moved
  tag = static_cast<uint32_t>(hash >> 32U) | 1U;
  return hash % kSlots;
}

uint32_t Pace::of(const StatementKey& key) const {
  uint32_t tag = 0;
  const Slot& slot = slots_[place_of(key, tag)];
  return slot.tag == tag ? slot.us : 0;
}

void Pace::add(const StatementKey& key, uint64_t us) {
  uint32_t tag = 0;
  Slot& slot = slots_[place_of(key, tag)];
  if (slot.tag != tag) slot = {tag, 0, 0};
  move(slot.us, us, kStatementPart);
  move(mean_us_, us, kMeanPart);
}

void Pace::add_at_least(const StatementKey& key, uint64_t us) {
  if (us > of(key)) add(key, us);
}

Pace::Size Pace::size_of(const StatementKey& key, uint64_t now_ms) const {
  uint32_t tag = 0;
  const Slot& slot = slots_[place_of(key, tag)];
  if (slot.tag != tag) return Size::unknown;
  if (slot.held_ms != 0 && now_ms - slot.held_ms < kLargeMs) return Size::large;
  return slot.us == 0 ? Size::unknown : Size::small;
}

void Pace::add_held(const StatementKey& key, uint64_t now_ms) {
  uint32_t tag = 0;
  Slot& slot = slots_[place_of(key, tag)];
  if (slot.tag != tag) slot = {tag, 0, 0};
  slot.held_ms = std::max<uint64_t>(now_ms, 1);
}

void Pace::add_batch(uint64_t us, uint64_t count) {
  if (count > 0) move(mean_us_, us / count, kMeanPart);
}

}  // namespace tablegate::pg
