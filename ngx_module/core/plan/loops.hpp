// The foreach nodes that a walk is in. Internal to the walk.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/plan/bound_values.hpp"
#include "core/plan/node.hpp"

namespace tablegate::core {

class Loops {
 public:
  // Returns the rounds of the loop, which is only entered if there are any. `text`: bytes of SQL that a round
  // writes at most.
  size_t enter(uint32_t parameter, const BoundItems& items, bool pad, size_t text) {
    const size_t rounds = rounds_of(items.count, pad);
    if (rounds > 0) open_[depth_++] = {items, rounds, 0, text, parameter};
    return rounds;
  }

  // False: that was the last round, and the loop is left.
  bool next() {
    Loop& loop = open_[depth_ - 1];
    if (++loop.round < loop.rounds) return true;
    --depth_;
    return false;
  }

  size_t text() const { return open_[depth_ - 1].text; }
  uint32_t parameter(size_t level) const { return at(level).parameter; }
  // The last one again in the rounds that only pad.
  const char* item(size_t level) const { return at(level).items.items[index(level)]; }
  size_t index(size_t level) const { return std::min(at(level).round, at(level).items.count - 1); }

 private:
  struct Loop {
    BoundItems items;
    size_t rounds = 0;
    size_t round = 0;
    size_t text = 0;
    uint32_t parameter = 0;
  };

  // A list of `count` items is gone through so often.
  static size_t rounds_of(size_t count, bool pad) {
    if (!pad || count > kMaxWork) return count;
    size_t rounds = count > 0 ? 1 : 0;
    while (rounds < count) rounds *= 2;
    return rounds;
  }

  const Loop& at(size_t level) const { return open_[depth_ - 1 - level]; }

  std::array<Loop, kMaxLoops> open_{};
  size_t depth_ = 0;
};

}  // namespace tablegate::core
