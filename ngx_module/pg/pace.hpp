// How long statements take: a moving estimate for each of those that ran lately, and one for all. Also which
// of them have large results, whose rows may wait for their taker. A table of fixed size: a statement that
// takes another one's place is not known until it has run again. Owned by a Pool.
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

  enum class Size : uint8_t {
    unknown,  // it has not run lately
    small,    // its rows did not have to wait lately
    large,    // they had to
  };
  Size size_of(const StatementKey& key, uint64_t now_ms) const;
  // Its rows have to wait for their taker.
  void add_held(const StatementKey& key, uint64_t now_ms);

 private:
  static constexpr std::size_t kSlots = 1024;
  struct Slot {
    uint32_t tag = 0;
    uint32_t us = 0;
    uint64_t held_ms = 0;  // last time that its rows had to wait; 0: never
  };

  static std::size_t place_of(const StatementKey& key, uint32_t& tag);

  uint32_t mean_us_ = 0;
  std::vector<Slot> slots_{kSlots};
};

}  // namespace tablegate::pg
