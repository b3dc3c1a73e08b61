#include "mirror/rollback.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/definition_rules.hpp"
#include "catalog/refusal.hpp"
#include "mirror/generations.hpp"
#include "mirror/mirror_tables.hpp"
#include "mirror/published_columns.hpp"

namespace tablegate::loader {
namespace {

struct Previous {
  GenerationTable table;
  std::vector<TableColumn> columns;  // as it was loaded
  SwapDetails details;               // when that was
};

Previous find_previous(Database& catalog, const std::string& name,
                       const std::vector<GenerationTable>& tables) {
  const Rows rows = catalog.query(
      "SELECT generation, columns::text, finished_at::text FROM tablegate.generation WHERE table_name = $1 "
      "AND status = "
      "'previous'",
      {name});
  for (int row = 0; row < rows.size(); ++row) {
    const auto found = std::find_if(tables.begin(), tables.end(), [&](const GenerationTable& table) {
      return table.generation == rows.integer(row, 0) && !table.serving;
    });
    if (found == tables.end()) continue;
    SwapDetails details;
    if (!rows.null(row, 2)) details.loaded_at = rows.string(row, 2);
    return {*found, read_columns(rows.string(row, 1)), details};
  }
  throw Refused(fmt::format("Table \"{}\" has no previous generation to go back to", name),
                fmt::format("tablegate table status {}", name));
}

}  // namespace

LoadOutcome rollback_table(Database& catalog, Database& mirror, const TableSpec& spec) {
  open_load_session(mirror);
  lock_table_for_load(mirror, spec.name);
  const std::vector<GenerationTable> tables = list_generations(mirror, spec.name);
  reconcile_generations(catalog, spec.name, tables);
  const Previous previous = find_previous(catalog, spec.name, tables);
  TableSpec then = spec;
  then.columns = previous.columns;
  check_published_columns(catalog, then);
  swap_generation(mirror, spec.name, previous.table.generation, previous.details);
  finish_generation(catalog, spec.name, previous.table.generation, previous.table.rows);
  return {previous.table.generation, previous.table.rows};
}

}  // namespace tablegate::loader
