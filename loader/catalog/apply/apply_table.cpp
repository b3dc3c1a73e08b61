#include "catalog/apply/apply_table.hpp"

#include <fmt/format.h>

#include "catalog/apply/ownership.hpp"
#include "model/definition_rules.hpp"
#include "model/definition_schema.hpp"
#include "model/time_zone.hpp"

namespace tablegate::loader {
namespace {

void check_zone(ApplyContext& context, Definition& definition, const std::string& pointer,
                const std::string& zone) {
  if (zone.empty()) return;  // not given
  if (const std::string reason = bad_time_zone(zone); !reason.empty())
    return context.refuse(definition, pointer, reason);
  const auto [known, first] = context.zones.try_emplace(zone, true);
  if (first)
    known->second =
        !context.catalog.query("SELECT FROM pg_catalog.pg_timezone_names WHERE name = $1", {zone}).empty();
  if (known->second) return;
  context.refuse(definition, pointer,
                 fmt::format("PostgreSQL knows no time zone \"{}\" (names such as Asia/Shanghai)", zone));
}

// Fields that count for one type of data source only.
void check_fields_of_source(ApplyContext& context, Definition& definition, const TableDefinition& table,
                            const std::string& type) {
  if (!table.partitions.empty() && type != "maxcompute")
    context.refuse(definition, "/partition", fmt::format("is for tables of MaxCompute, not of {}", type));
  if (!table.source_query) return;
  if (type != "postgresql")
    context.refuse(definition, "/source_query", "is for tables of a postgresql data source");
  else if (table.source_table_given)
    context.refuse(definition, "/source_query", "and \"source_table\" exclude each other");
}

}  // namespace

std::string save_data_source(ApplyContext& context, Definition& definition) {
  const Rows before = context.catalog.query(
      "SELECT d.definition::text, d.data_source_id, w.workspace_id, w.name, d.shared FROM "
      "tablegate.data_source d JOIN tablegate.workspace w USING (workspace_id) WHERE w.workspace_id = $1 AND "
      "d.name = $2",
      {context.workspace.id, definition.name});
  const bool shared = settle_shared(definition, before, 2);
  const std::string text = normalised_text(definition);
  std::string action = context.action_of(before, text);
  if (action == "unchanged") return action;
  const OwnedRow row{"data_source", before.empty() ? std::string() : before.string(0, 1)};
  if (!may_change(context, definition, before, 2, shared, row)) return {};
  context.catalog.query(
      "INSERT INTO tablegate.data_source (workspace_id, name, type, definition, shared) VALUES ($1, $2, $3, "
      "$4, $5)"
      " ON CONFLICT (workspace_id, name) DO UPDATE SET type = $3, definition = $4, shared = $5, updated_at = "
      "now()",
      {context.workspace.id, definition.name, read_data_source_definition(definition.document).type, text,
       shared ? "true" : "false"});
  return action;
}

std::string save_table(ApplyContext& context, Definition& definition, std::vector<TableColumn>& columns) {
  const TableDefinition written = read_table_definition(definition.document);
  const std::string& source = written.data_source;
  const FoundDataSource found = find_data_source(context.catalog, context.workspace, source);
  const TableInfo table = read_table(definition, found.type, context.problems);
  check_zone(context, definition, "/time_zone", written.time_zone.value_or(""));
  if (written.refresh) check_zone(context, definition, "/refresh/time_zone", written.refresh->time_zone);
  if (context.refused_here(Kind::data_source, source)) return {};
  if (found.id.empty())
    context.refuse(definition, "/data_source", found.reason);
  else
    check_fields_of_source(context, definition, written, found.type);
  const Rows before = context.catalog.query(
      "SELECT t.definition::text, w.workspace_id, w.name, t.shared, t.columns::text FROM "
      "tablegate.mirror_table t JOIN "
      "tablegate.workspace w USING (workspace_id) WHERE t.name = $1",
      {definition.name});
  if (!before.empty()) columns = read_columns(before.string(0, 4));
  const bool shared = settle_shared(definition, before, 1);
  const std::string text = normalised_text(definition);
  std::string action = context.action_of(before, text);
  if (definition.broken) return {};
  if (action != "unchanged") {
    if (!may_change(context, definition, before, 1, shared, {"mirror_table", definition.name})) return {};
    Parameter schedule, zone;
    if (written.refresh) {
      schedule = written.refresh->schedule;
      zone = written.refresh->time_zone.empty() ? table.time_zone : written.refresh->time_zone;
    }
    context.catalog.query(
        "INSERT INTO tablegate.mirror_table (name, data_source_id, definition, columns, primary_key, "
        "time_zone, refresh_schedule, refresh_time_zone, shared, workspace_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (name) DO UPDATE SET data_source_id = "
        "$2, "
        "definition = $3, columns = $4, primary_key = $5, time_zone = $6, refresh_schedule = $7, "
        "refresh_time_zone = $8, shared = $9, updated_at = now()",
        {definition.name, found.id, text, columns_text(table.columns), names_text(table.primary_key),
         table.time_zone, schedule, zone, shared ? "true" : "false", context.workspace.id});
  }
  return action;
}

}  // namespace tablegate::loader
