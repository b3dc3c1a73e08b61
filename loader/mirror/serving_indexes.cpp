#include "mirror/serving_indexes.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "base/lock_wait.hpp"
#include "base/refusal.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {
namespace {

constexpr std::chrono::milliseconds kPause{500};

// Percent; none while nothing is known.
std::optional<double> percent_done(Database& other, const std::string& process) {
  const Rows rows = other.query(
      "SELECT (100 * blocks_done / nullif(blocks_total, 0))::bigint FROM "
      "pg_catalog.pg_stat_progress_create_index"
      " WHERE pid = $1::integer",
      {process});
  if (rows.empty() || rows.null(0, 0)) return std::nullopt;
  return static_cast<double>(rows.integer(0, 0));
}

}  // namespace

void build_index(Database& mirror, const std::string& table, int64_t generation, const IndexColumns& columns,
                 const std::function<void(double percent)>& progress) {
  std::optional<Database> other;  // this session waits for its answer
  const std::string process = std::to_string(PQbackendPID(mirror.connection()));
  LockWait wait(mirror);
  const auto report = [&] {
    wait.look();
    try {
      if (!other) other.emplace(mirror.again("the mirror"));
      progress(percent_done(*other, process).value_or(0));
    } catch (const SystemFailure&) {  // NOLINT(bugprone-empty-catch): only progress
    }
  };
  try {
    mirror.query_watched("SELECT mirror_load.build_index($1, $2, $3)",
                         {table, std::to_string(generation), names_text(columns)}, kPause, report);
  } catch (const DatabaseError& error) {
    if (error.sqlstate.compare(0, 2, "54") != 0) throw;  // program_limit_exceeded
    throw Refused(fmt::format("Table \"{}\": index {}: a value is longer than an index can hold ({})", table,
                              index_text(columns), error.what()),
                  Hint::command({"table", "columns", table}));
  }
}

}  // namespace tablegate::loader
