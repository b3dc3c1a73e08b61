#include "cli/table/table_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/output.hpp"
#include "cli/table/table_verbs.hpp"
#include "core/manifest/types.hpp"
#include "mirror/table_spec.hpp"
#include "mirror/table_status.hpp"

namespace tablegate::loader {
namespace {

void print_status_json(const std::vector<TableStatus>& tables) {
  JsonOutput json;
  json.begin_array();
  for (const TableStatus& table : tables) {
    for (const GenerationState& state : table.generations) {
      json.begin_object().key("table").text(table.name);
      json.key("generation").number(state.generation).key("status").text(state.status);
      json.key("rows").number(state.rows);
      json.key("source").text(state.source).key("loaded_by").text(state.loaded_by);
      json.key("started_at").text(state.started_at).key("finished_at").text(state.finished_at);
      json.key("source_time").text(state.source_time).key("checked_at").text(state.checked_at);
      json.key("age_seconds").number(state.age_seconds).end_object();
    }
  }
  json.end_array().print();
}

bool of_key(const TableSpec& spec, const TableColumn& column) {
  return std::find(spec.primary_key.begin(), spec.primary_key.end(), column.name) != spec.primary_key.end();
}

// The type that the wizard would give a parameter on this column; "" where none compares with it.
std::string parameter_type(const TableColumn& column) {
  const auto type = core::natural_parameter_type(column.type);
  return type ? std::string(core::parameter_type_name(*type)) : std::string();
}

void print_columns_json(const TableSpec& spec) {
  JsonOutput json;
  json.begin_array();
  for (const TableColumn& column : spec.columns) {
    const std::string type = parameter_type(column);
    json.begin_object().key("name").text(column.name).key("type").text(core::column_type_name(column.type));
    json.key("sql_type").text(column.sql_type).key("not_null").boolean(column.not_null);
    json.key("primary_key").boolean(of_key(spec, column)).key("parameter_type");
    if (type.empty())
      json.null();
    else
      json.text(type);
    json.end_object();
  }
  json.end_array().print();
}

}  // namespace

void print_table_status(const Settings& settings, Database& catalog, const std::string& name) {
  const std::vector<TableStatus> tables = table_status(catalog, name, settings.json && !name.empty());
  warn_of_views(settings, name);
  if (settings.json) return print_status_json(tables);
  std::vector<std::vector<std::string>> lines = {
      {"TABLE", "GENERATION", "STATUS", "ROWS", "LOADED", "AGE", "SOURCE TIME", "SOURCE"}};
  for (const TableStatus& table : tables) {
    if (table.generations.empty()) lines.push_back({table.name, "-", "not loaded", "-", "-", "-", "-", "-"});
    for (const GenerationState& state : table.generations) {
      lines.push_back({table.name, std::to_string(state.generation), state.status,
                       state.rows ? std::to_string(*state.rows) : "-", state.finished_at.value_or("-"),
                       state.age.value_or("-"), state.source_time.value_or("-"), state.source});
    }
  }
  print_table(lines);
}

void print_table_columns(Database& catalog, const std::string& name, bool json) {
  const TableSpec spec = read_table_spec(catalog, name);
  if (json) return print_columns_json(spec);
  std::vector<std::vector<std::string>> lines = {{"COLUMN", "TYPE", "PARAMETER", "NULL", "KEY"}};
  for (const TableColumn& column : spec.columns) {
    const std::string type = parameter_type(column);
    lines.push_back({column.name, column.sql_type, type.empty() ? "-" : type, column.not_null ? "no" : "yes",
                     of_key(spec, column) ? "primary" : "-"});
  }
  print_table(lines);
}

}  // namespace tablegate::loader
