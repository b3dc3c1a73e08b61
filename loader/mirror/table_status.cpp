#include "mirror/table_status.hpp"

#include <fmt/format.h>

#include "catalog/near_object.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kStatusSql =
    "SELECT t.name, g.generation, g.status, g.row_count, g.source, g.loaded_by,"
    " to_char(g.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " to_char(g.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " to_char(g.source_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " to_char(g.checked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " date_trunc('second', clock_timestamp() - greatest(g.finished_at, g.checked_at)),"
    " floor(extract(epoch FROM clock_timestamp() - greatest(g.finished_at, g.checked_at)))::bigint"
    " FROM tablegate.mirror_table t LEFT JOIN tablegate.generation g ON g.table_name = t.name"
    " AND (g.status IN ('loading', 'current', 'previous') OR $2::boolean)"
    " WHERE $1 = '' OR t.name = $1 ORDER BY t.name, g.generation DESC";

std::optional<std::string> text(const Rows& rows, int row, int column) {
  return rows.null(row, column) ? std::nullopt : std::optional(rows.string(row, column));
}
std::optional<long long> number(const Rows& rows, int row, int column) {
  return rows.null(row, column) ? std::nullopt : std::optional(rows.integer(row, column));
}

void require_found(Database& catalog, const Rows& rows, const std::string& name) {
  if (rows.empty() && !name.empty())
    throw Refused(missing_object(catalog, Kind::table, name), Hint::command({"get", "tables"}));
}

}  // namespace

std::vector<DefinedTable> list_tables(Database& catalog, const std::string& name) {
  const Rows rows = catalog.query(
      "SELECT t.name, s.name, EXISTS (SELECT FROM tablegate.generation g WHERE g.table_name = t.name AND "
      "g.status = "
      "'current'), t.refresh_schedule IS NOT NULL"
      " FROM tablegate.mirror_table t JOIN tablegate.data_source s USING (data_source_id)"
      " WHERE $1 = '' OR t.name = $1 ORDER BY t.name",
      {name});
  require_found(catalog, rows, name);
  std::vector<DefinedTable> tables;
  tables.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row)
    tables.push_back({rows.string(row, 0), rows.string(row, 1), rows.boolean(row, 2), rows.boolean(row, 3)});
  return tables;
}

std::vector<TableStatus> table_status(Database& catalog, const std::string& name, bool all) {
  const Rows rows = catalog.query(kStatusSql, {name, all ? "true" : "false"});
  require_found(catalog, rows, name);
  std::vector<TableStatus> tables;
  for (int row = 0; row < rows.size(); ++row) {
    if (tables.empty() || tables.back().name != rows.text(row, 0))
      tables.push_back({rows.string(row, 0), {}});
    if (rows.null(row, 1)) continue;  // was never loaded
    GenerationState state;
    state.generation = rows.integer(row, 1);
    state.status = rows.string(row, 2);
    state.rows = number(rows, row, 3);
    state.source = rows.string(row, 4);
    state.loaded_by = rows.string(row, 5);
    state.started_at = text(rows, row, 6);
    state.finished_at = text(rows, row, 7);
    state.source_time = text(rows, row, 8);
    state.checked_at = text(rows, row, 9);
    state.age = text(rows, row, 10);
    state.age_seconds = number(rows, row, 11);
    tables.back().generations.push_back(std::move(state));
  }
  return tables;
}

}  // namespace tablegate::loader
