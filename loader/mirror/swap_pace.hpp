// How long a swap waits for its lock. While it waits, every new reader waits
// behind it. So it waits briefly, which suffices between short queries. If that
// fails for a while because queries overlap, it waits longer, until every query
// of a gateway with the default timeout_ms (3 s) has ended. A transaction that
// lasts longer than that (a dump) is only checked from time to time, for longer
// than the longest query may take (90 s). Meanwhile a lock asks the gateways to end
// long answers that read the table (core::kSwapWaitsLock).
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
  // `relation`: the relation to lock, quoted for SQL. The session must outlive the object.
  SwapPace(Database& mirror, std::string relation) : mirror_(mirror), relation_(std::move(relation)) {}
  ~SwapPace();
  SwapPace(const SwapPace&) = delete;
  SwapPace& operator=(const SwapPace&) = delete;

  // How long the next attempt may wait for the lock.
  std::chrono::milliseconds wait() const { return wait_; }
  // Whether kSwapPatience has passed.
  bool over() const { return lasts() > kSwapPatience; }
  std::chrono::steady_clock::duration lasts() const { return std::chrono::steady_clock::now() - begin_; }
  // After an attempt that failed, outside of a transaction: pauses, and sets wait().
  void failed();

 private:
  bool is_held_for_long();
  void ask_gateways();

  Database& mirror_;
  std::string relation_;
  std::minstd_rand random_{std::random_device{}()};
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::milliseconds wait_{50};
  std::string asked_;  // key of the lock; empty: gateways are not asked
  std::map<std::string, std::chrono::steady_clock::time_point>
      holders_;  // transactions, and when each was first seen
};

}  // namespace tablegate::loader
