// How long statements take: a moving estimate for each of those that ran lately, and one for all. A table of
// fixed size: a statement that takes another one's place is not known until it has run again. Owned by a
// Pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pg/query.hpp"

namespace tablegate::pg {

class Pace {
 public:
  // Expected time in us; 0: not known.
  uint32_t mean_us() const { return mean_us_; }
  uint32_t of(const StatementKey& key) const;

  // It took that long.
  void add(const StatementKey& key, uint64_t us);
  // It was ended after that long: raises an estimate that is too low, and never lowers one.
  void add_at_least(const StatementKey& key, uint64_t us);
  // Where the time of one statement is not known: each of `count` that were sent together took a part of
  // `us`.
  void add_batch(uint64_t us, uint64_t count);

 private:
  static constexpr std::size_t kSlots = 1024;
  struct Slot {
    uint32_t tag = 0;
    uint32_t us = 0;
  };

  static std::size_t place_of(const StatementKey& key, uint32_t& tag);

  uint32_t mean_us_ = 0;
  std::vector<Slot> slots_{kSlots};
};

}  // namespace tablegate::pg
