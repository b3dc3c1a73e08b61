// How many rows a call's conditions match, as one worker remembers it: a generation
// of a table never changes, so a total stays right for it. A fixed number of
// totals; a new one may take the place of an older one. Owned by the worker.
#pragma once

#include <cstdint>
#include <vector>

#include "core/digest.hpp"
#include "core/mix.hpp"

namespace tablegate::core {

// One number for the generations of several tables, in their order: begins with 0.
constexpr uint64_t with_generation(uint64_t before, uint64_t generation) {
  return mix(mix(before) + generation);
}

class Totals {
 public:
  struct Total {
    uint64_t generation = 0;  // of the table that was counted; of several see with_generation()
    uint64_t rows = 0;
  };

  // `conditions`: BoundPage's. Null: not known.
  const Total* find(const Digest& conditions) const;
  void keep(const Digest& conditions, const Total& total);

 private:
  static constexpr size_t kEntries = 4096;

  struct Entry {
    Digest conditions{};
    Total total;
    bool used = false;
  };

  static size_t place_of(const Digest& conditions);

  std::vector<Entry> entries_;  // empty until the first one is kept
};

}  // namespace tablegate::core
