#include "base/lock_wait.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "base/database.hpp"

namespace tablegate::loader {
namespace {

// Who blocks a session and is not blocked itself. A session that waits for a row has a lock of type tuple.
constexpr const char* kBlockerSql =
    "WITH RECURSIVE blocker (pid) AS ("
    " SELECT pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) UNION"
    " SELECT pg_catalog.unnest(pg_catalog.pg_blocking_pids(b.pid)) FROM blocker b)"
    " SELECT coalesce((SELECT pg_catalog.min('a row of ' || w.relation::pg_catalog.regclass) FROM "
    "pg_catalog.pg_locks w WHERE w.pid = $1 AND w.locktype = 'tuple'),"
    " (SELECT pg_catalog.min(w.relation::pg_catalog.regclass::pg_catalog.text) FROM pg_catalog.pg_locks w"
    " WHERE w.pid = $1 AND NOT w.granted), 'another transaction'),"
    " pg_catalog.format('process %s, user %s, application \"%s\"', a.pid, a.usename, a.application_name)"
    " FROM blocker b JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid"
    " ORDER BY pg_catalog.cardinality(pg_catalog.pg_blocking_pids(a.pid)), a.pid LIMIT 1";

}  // namespace

void WaitReport::report(const std::string& holder) {
  if (holder == holder_) return;
  holder_ = holder;
  fmt::print(stderr, "tablegate: waiting for the lock of {}, which {} holds\n", what_, holder);
  std::fflush(stderr);
}

LockWait::~LockWait() = default;

bool LockWait::find() {
  if (failed_) return false;
  try {
    if (!other_) other_ = std::make_unique<Database>(waiting_.observer());
    const Rows rows = other_->query(kBlockerSql, {std::to_string(PQbackendPID(waiting_.connection()))});
    if (rows.empty()) return false;
    what_ = rows.string(0, 0);
    holder_ = rows.string(0, 1);
    return true;
  } catch (const SystemFailure&) {
    failed_ = true;
    return false;
  }
}

void LockWait::look() {
  if (!find()) return;
  if (!report_) report_ = std::make_unique<WaitReport>(what_);
  report_->report(holder_);
}

std::string LockWait::words() {
  if (holder_.empty()) find();
  return found();
}

std::string LockWait::found() const {
  if (holder_.empty()) return {};
  return fmt::format(" (it waited for the lock of {}, which {} holds)", what_, holder_);
}

}  // namespace tablegate::loader
