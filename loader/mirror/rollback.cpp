#include "mirror/rollback.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/refusal.hpp"
#include "mirror/generations.hpp"
#include "mirror/mirror_tables.hpp"
#include "mirror/published_columns.hpp"
#include "model/definition_rules.hpp"

namespace tablegate::loader {
namespace {

struct Previous {
  GenerationTable table;
  // As it was loaded; the key is not known of those that an older loader has made.
  std::vector<TableColumn> columns;
  std::optional<std::vector<std::string>> primary_key;
  SwapDetails details;  // when that was
};

Previous find_previous(Database& catalog, const std::string& name, int64_t generation,
                       const std::vector<GenerationTable>& tables) {
  const Rows rows = catalog.query(
      "SELECT generation, columns::text, finished_at::text, source_time::text, (keys -> "
      "'primary_key')::text FROM tablegate.generation "
      "WHERE "
      "table_name = $1 AND status = 'previous' AND $2::bigint IN (0, generation) ORDER BY served_until DESC "
      "NULLS LAST, generation DESC",
      {name, std::to_string(generation)});
  for (int row = 0; row < rows.size(); ++row) {
    const auto found = std::find_if(tables.begin(), tables.end(), [&](const GenerationTable& table) {
      return table.generation == rows.integer(row, 0) && !table.serving;
    });
    if (found == tables.end()) continue;
    SwapDetails details;
    if (!rows.null(row, 2)) details.loaded_at = rows.string(row, 2);
    if (!rows.null(row, 3)) details.source_time = rows.string(row, 3);
    Previous previous{*found, read_columns(rows.string(row, 1)), std::nullopt, details};
    if (!rows.null(row, 4)) previous.primary_key = read_names(rows.string(row, 4));
    return previous;
  }
  throw Refused(generation == 0 ? fmt::format("Table \"{}\" has no previous generation to go back to", name)
                                : fmt::format("Table \"{}\" has no generation {} besides the serving one",
                                              name, generation),
                Hint::command({"table", "status", name}));
}

}  // namespace

LoadOutcome rollback_table(Database& catalog, Database& mirror, const TableSpec& spec, int64_t generation) {
  open_load_session(mirror);
  const TableLock lock(mirror, spec.name);
  const std::vector<GenerationTable> tables = list_generations(mirror, spec.name);
  reconcile_generations(catalog, spec.name, tables);
  const Previous previous = find_previous(catalog, spec.name, generation, tables);
  TableSpec then = spec;
  then.columns = previous.columns;
  if (previous.primary_key) then.primary_key = *previous.primary_key;
  check_published_columns(catalog, then);
  const std::string loaded_at =
      swap_generation(mirror, spec.name, previous.table.generation, previous.details);
  try {
    finish_generation(catalog, spec.name, previous.table.generation, previous.table.rows, loaded_at,
                      kKeepAll);
  } catch (const Failure& failure) {
    throw SystemFailure(fmt::format("generation {} serves, but the catalog could not be updated: {}; the "
                                    "next load or rollback does that",
                                    previous.table.generation, failure.what()),
                        Hint::command({"table", "status", spec.name}));
  }
  return {previous.table.generation, previous.table.rows};
}

}  // namespace tablegate::loader
