#include "core/answer/totals.hpp"

#include <cstring>

namespace tablegate::core {

size_t Totals::place_of(const Digest& conditions) {
  uint64_t number = 0;
  std::memcpy(&number, conditions.data(), sizeof number);
  return number % kEntries;
}

const Totals::Total* Totals::find(const Digest& conditions) const {
  if (entries_.empty()) return nullptr;
  const Entry& entry = entries_[place_of(conditions)];
  return entry.used && entry.conditions == conditions ? &entry.total : nullptr;
}

void Totals::keep(const Digest& conditions, const Total& total) {
  if (entries_.empty()) entries_.resize(kEntries);
  entries_[place_of(conditions)] = {conditions, total, true};
}

}  // namespace tablegate::core
