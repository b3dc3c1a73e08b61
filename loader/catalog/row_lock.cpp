#include "catalog/row_lock.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <thread>

#include "base/lock_wait.hpp"
#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kUnknown = "a session that has just ended";

std::string holder_of(Database& database, const std::string& schema, const std::string& name) {
  const Rows holder = database.query(fmt::format("SELECT {}.lock_holder($1)", schema), {name});
  return holder.null(0, 0) ? kUnknown : holder.string(0, 0);
}

void take_lock(Database& database, const std::string& schema, const std::string& name,
               const std::string& what) {
  WaitReport wait(what);
  std::optional<Database> other;  // this session waits for its answer
  const auto report = [&] {
    try {
      if (!other) other.emplace(database.again(what));
      wait.report(holder_of(*other, schema, name));
    } catch (const Failure&) {
      wait.report("another session");
    }
  };
  try {
    database.query_watched(fmt::format("SELECT {}.take_lock($1, true)", schema), {name}, kFirstLook, report);
  } catch (const DatabaseError& error) {
    if (error.sqlstate != "55P03") throw;  // lock_not_available
    throw SystemFailure(fmt::format("{} was locked by another session for ten minutes", what),
                        Hint::program("psql -c 'SELECT * FROM pg_stat_activity'"));
  }
}

bool has_locks(Database& database, const std::string& schema) {
  return !database
              .query(
                  "SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                  " WHERE n.nspname = $1 AND c.relname = 'lock'",
                  {schema})
              .empty();
}

// Before the first init, or one that brings the table of locks: nobody works with the catalog yet.
void take_first_lock(Database& database) {
  constexpr std::chrono::milliseconds kStep{50};
  WaitReport wait("init");
  auto report_at = std::chrono::steady_clock::now() + kFirstLook;
  while (!database.query("SELECT pg_catalog.pg_try_advisory_xact_lock(1952539244, 2)").boolean(0, 0)) {
    std::this_thread::sleep_for(kStep);
    if (std::chrono::steady_clock::now() < report_at) continue;
    report_at += kFirstLook;
    const Rows holder = database.query(
        "SELECT pg_catalog.format('process %s, user %s, application \"%s\"', a.pid, a.usename, "
        "a.application_name)"
        " FROM pg_catalog.pg_locks h JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid"
        " WHERE h.locktype = 'advisory' AND h.granted AND h.classid = 1952539244 AND h.objid = 2 AND "
        "h.objsubid = 2"
        " AND h.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = "
        "current_database())");
    wait.report(holder.empty() ? kUnknown : holder.string(0, 0));
  }
}

}  // namespace

std::string try_lock(Database& database, const std::string& schema, const std::string& name) {
  if (database.query(fmt::format("SELECT {}.take_lock($1, false)", schema), {name}).boolean(0, 0)) return {};
  return holder_of(database, schema, name);
}

void lock_catalog(Database& catalog) {
  take_lock(catalog, "tablegate", "catalog", "the catalog");
}

void lock_for_init(Database& database, const std::string& schema) {
  // Whoever waited for the first init finds its table of locks.
  if (!has_locks(database, schema)) take_first_lock(database);
  if (!has_locks(database, schema)) return;
  const bool catalog = schema == "tablegate";
  take_lock(database, schema, catalog ? "catalog" : "init", catalog ? "the catalog" : "the mirror");
}

}  // namespace tablegate::loader
