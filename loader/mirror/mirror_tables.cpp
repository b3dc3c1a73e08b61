#include "mirror/mirror_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "base/lock_wait.hpp"
#include "base/refusal.hpp"
#include "catalog/migrations.hpp"
#include "catalog/row_lock.hpp"
#include "core/plan/statement.hpp"
#include "mirror/dependent_views.hpp"
#include "mirror/swap_pace.hpp"
#include "model/definition_rules.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kMark = "tablegate generation ";
constexpr const char* kUnlimited =
    "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0";

// "tablegate generation 3, 135233 rows"
bool read_mark(std::string_view comment, GenerationTable& table) {
  if (comment.substr(0, kMark.size()) != kMark) return false;
  const char* at = comment.data() + kMark.size();
  const char* end = comment.data() + comment.size();
  const auto generation = std::from_chars(at, end, table.generation);
  if (generation.ec != std::errc{} || generation.ptr == end || *generation.ptr != ',') return false;
  return std::from_chars(generation.ptr + 2, end, table.rows).ec == std::errc{};
}

bool is_lock_problem(const std::string& sqlstate) {
  return sqlstate == "55P03" || sqlstate == "40P01";  // lock_not_available, deadlock_detected
}

std::string lock_holders(Database& mirror, const std::string& table) {
  const Rows rows = mirror.query(
      "SELECT string_agg(DISTINCT format('process %s, user %s, application \"%s\"', l.pid, a.usename, "
      "a.application_name), '; ') FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)"
      " WHERE l.granted AND l.pid <> pg_backend_pid() AND l.relation = to_regclass($1)",
      {mirror_name(table)});
  return rows.string(0, 0);
}

// False: it is still in use, by a reader's lock or by a view on it (2BP01), and is kept.
bool try_drop(Database& mirror, const std::string& sql, const std::vector<Parameter>& parameters) {
  try {
    Transaction transaction(mirror);
    mirror.script("SET LOCAL lock_timeout = '1s'");
    mirror.query(sql, parameters);
    transaction.commit();
    return true;
  } catch (const DatabaseError& error) {
    if (!is_lock_problem(error.sqlstate) && error.sqlstate != "2BP01") throw;
    return false;
  }
}

// The locks are committed before they are taken: nobody waits for them.
Database lock_session(const Database& mirror, const std::string& table) {
  Database session = mirror.again("the mirror");
  session.script(kUnlimited);
  keep_session(session);
  session.query("SELECT mirror_load.add_locks($1)", {table});
  return session;
}

}  // namespace

std::string generation_name(const std::string& table, int64_t generation) {
  return fmt::format("{}__g{}", table, generation);
}

std::string mirror_name(const std::string& relation) {
  return core::mirror_relation(relation);
}

TableLock::TableLock(const Database& mirror, const std::string& table)
    : session_(lock_session(mirror, table)), transaction_(session_) {
  const std::string holder = try_lock(session_, "mirror_load", "load " + table);
  if (holder.empty()) return;
  throw Refused(
      fmt::format(
          "Table \"{}\" is being loaded by {} of the mirror's PostgreSQL: try again when that has ended",
          table, holder),
      Hint::command({"table", "status", table}));
}

void open_load_session(Database& mirror) {
  try {
    require_mirror(mirror);
  } catch (const DatabaseError& error) {
    if (error.sqlstate != "42501") throw;  // insufficient_privilege
    throw Refused(
        "loading requires membership in tablegate_developer, which your user does not have in the mirror's "
        "PostgreSQL",
        Hint::program("psql -c 'GRANT tablegate_developer TO USER'"));
  }
  mirror.script(kUnlimited);
  keep_session(mirror);
  // When a loader is killed, the server must not continue to build an index while holding its lock
  // (PostgreSQL 14 and later).
  mirror.query(
      "SELECT set_config(name, '2s', false) FROM pg_settings WHERE name = "
      "'client_connection_check_interval'");
}

void keep_session(Database& database) {
  database.query("SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'");
}

std::vector<GenerationTable> list_generations(Database& mirror, const std::string& table) {
  const Rows rows = mirror.query(
      "SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''),"
      " c.relname = coalesce((SELECT t.relation FROM mirror.tablegate_tables t WHERE t.table_name = $1), $1),"
      " (SELECT t.loaded_at::text FROM mirror.tablegate_tables t WHERE t.table_name = $1 AND t.relation = "
      "c.relname)"
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mirror' AND "
      "c.relkind IN ('r', 'p', "
      "'v', 'm', 'f')"
      " AND (c.relname = $1 OR c.relname ~ ('^' || $1 || '__g[0-9]+$')) ORDER BY 1",
      {table});
  std::vector<GenerationTable> tables;
  for (int row = 0; row < rows.size(); ++row) {
    GenerationTable found;
    found.relation = rows.string(row, 0);
    found.serving = rows.boolean(row, 2);
    if (!rows.null(row, 3)) found.loaded_at = rows.string(row, 3);
    if (read_mark(rows.text(row, 1), found)) {
      tables.push_back(std::move(found));
    } else if (found.relation == table) {
      throw Refused(fmt::format("mirror.{} exists and was not made by tablegate: rename or drop it", table));
    }
  }
  return tables;
}

std::optional<GenerationTable> serving_generation(const std::vector<GenerationTable>& tables) {
  for (const GenerationTable& candidate : tables) {
    if (candidate.serving) return candidate;
  }
  return std::nullopt;
}

void create_generation(Database& mirror, const std::string& table, int64_t generation,
                       const std::vector<TableColumn>& columns) {
  mirror.query("SELECT mirror_load.create_generation($1, $2, $3)",
               {table, std::to_string(generation), columns_text(columns)});
}

std::string swap_generation(Database& mirror, const std::string& table, int64_t next,
                            const SwapDetails& details) {
  WaitReport wait("mirror." + table);
  for (SwapPace pace(mirror, mirror_name(table));; pace.failed()) {
    try {
      Transaction transaction(mirror);
      mirror.script(fmt::format("SET LOCAL lock_timeout = '{}ms'", pace.wait().count()));
      mirror.query("SELECT mirror_load.swap_generation($1, $2, $3, $4, $5)",
                   {table, std::to_string(next), details.source_time, details.loaded_at, details.strategy});
      const Rows swapped =
          mirror.query("SELECT loaded_at::text FROM mirror.tablegate_tables WHERE table_name = $1", {table});
      transaction.commit();
      return swapped.string(0, 0);
    } catch (const DatabaseError& error) {
      if (!is_lock_problem(error.sqlstate)) throw;
      const std::string holders = pace.lasts() >= kFirstLook ? lock_holders(mirror, table) : std::string();
      if (!holders.empty()) wait.report(holders);
      if (pace.over()) {
        throw SystemFailure(
            fmt::format("mirror.{} could not be locked for the swap within {} s, {} holds it; the "
                        "previous generation keeps serving",
                        table, kSwapPatience.count(), holders.empty() ? "another session" : holders),
            Hint::again());
      }
    }
  }
}

void drop_generations(Database& mirror, const std::string& table, const std::vector<int64_t>& generations) {
  for (const int64_t generation : generations)
    try_drop(mirror, "SELECT mirror_load.drop_generation($1, $2)", {table, std::to_string(generation)});
}

void require_droppable(Database& mirror, const std::string& table) {
  if (list_generations(mirror, table).empty()) return;
  std::vector<std::string> views;
  for (const DependentView& view : dependent_views(mirror, table)) views.push_back(view.name);
  if (!views.empty()) {
    throw Refused(fmt::format("Table \"{}\" is read by {} in the mirror: drop that first", table,
                              fmt::join(views, ", ")),
                  Hint::again());
  }
  const Rows may = mirror.query(
      "SELECT pg_has_role(session_user, 'tablegate_owner', 'MEMBER') OR"
      " EXISTS (SELECT FROM pg_namespace WHERE nspname = 'tablegate')");
  if (may.boolean(0, 0)) return;
  throw Refused(
      fmt::format("Table \"{}\" is loaded in a mirror outside of the catalog's database: only members of "
                  "tablegate_owner there may drop it",
                  table),
      Hint::again());
}

void drop_table(Database& mirror, const std::string& table) {
  constexpr int kAttempts = 5;
  for (int attempt = 1; !try_drop(mirror, "SELECT mirror_load.drop_table($1)", {table}); ++attempt) {
    if (attempt < kAttempts) continue;
    throw SystemFailure(fmt::format("Table \"{0}\" is deleted, but a session still uses its rows in the "
                                    "mirror ({1}); they stay until "
                                    "the command is repeated",
                                    table, lock_holders(mirror, table)),
                        Hint::again());
  }
}

}  // namespace tablegate::loader
