#include "mirror/swap_pace.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "core/plan/table_generations.hpp"

namespace tablegate::loader {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kShortWait{50};
constexpr milliseconds kLongWait{4000};
constexpr milliseconds kShortWaits{2000};  // how long only short waits are tried

}  // namespace

SwapPace::~SwapPace() {
  if (asked_.empty()) return;
  try {
    mirror_.query("SELECT pg_advisory_unlock_shared($1)", {asked_});
  } catch (const DatabaseError&) {  // the session ends, and its locks with it
  }
}

void SwapPace::ask_gateways() {
  if (!asked_.empty()) return;
  const Rows rows = mirror_.query(
      "SELECT key, pg_advisory_lock_shared(key) FROM (SELECT ($1::bigint << 32) | "
      "to_regclass($2)::oid::bigint)"
      " AS one (key) WHERE key IS NOT NULL",
      {std::to_string(core::kSwapWaitsLock), relation_});
  if (!rows.empty()) asked_ = rows.string(0, 0);
}

void SwapPace::failed() {
  const bool held = is_held_for_long();
  if (held) ask_gateways();
  // Longer than it made others wait.
  std::this_thread::sleep_for(milliseconds(20 + random_() % 100) +
                              (held ? 10 * kShortWait : 2 * (wait_ - kShortWait)));
  if (held)
    wait_ = kShortWait;
  else if (steady_clock::now() - begin_ > kShortWaits)
    wait_ = std::min(2 * wait_, kLongWait);
}

// Whether one transaction has held the table for longer than the longest wait.
bool SwapPace::is_held_for_long() {
  const Rows rows = mirror_.query(
      "SELECT DISTINCT virtualtransaction FROM pg_locks WHERE granted AND pid <> pg_backend_pid()"
      " AND relation = to_regclass($1)",
      {relation_});
  const auto now = steady_clock::now();
  std::map<std::string, steady_clock::time_point> holders;
  bool found = false;
  for (int row = 0; row < rows.size(); ++row) {
    const auto seen = holders_.find(rows.string(row, 0));
    const auto since = seen == holders_.end() ? now : seen->second;
    holders.emplace(rows.string(row, 0), since);
    found = found || now - since > kLongWait;
  }
  holders_ = std::move(holders);
  return found;
}

}  // namespace tablegate::loader
