// How patiently a swap tries for its lock. Whoever waits for it has every reader
// that comes meanwhile wait behind it: so it waits shortly, which does between
// short queries. Where that has failed for a while because queries overlap, it
// waits longer, up to where every query of a gateway with the default timeout_ms
// (3 s) has ended. A transaction that lasts longer than that (a dump) is only
// looked after, for longer than the longest query may take (90 s).
#pragma once

#include <chrono>
#include <map>
#include <random>
#include <string>

#include "base/database.hpp"

namespace tablegate::loader {

constexpr std::chrono::seconds kSwapPatience{180};

class SwapPace {
 public:
  // `relation`: what is to be locked, as SQL names it. The session outlives the object.
  SwapPace(Database& mirror, std::string relation) : mirror_(mirror), relation_(std::move(relation)) {}

  // How long the next attempt may wait for the lock.
  std::chrono::milliseconds wait() const { return wait_; }
  // Whether it has tried for kSwapPatience.
  bool over() const { return std::chrono::steady_clock::now() - begin_ > kSwapPatience; }
  // After an attempt that did not get it, outside of a transaction: pauses, and sets wait().
  void failed();

 private:
  bool is_held_for_long();

  Database& mirror_;
  std::string relation_;
  std::minstd_rand random_{std::random_device{}()};
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::milliseconds wait_{50};
  std::map<std::string, std::chrono::steady_clock::time_point> holders_;  // transactions, when first seen
};

}  // namespace tablegate::loader
