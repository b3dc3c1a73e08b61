#include "cli/table/table_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/refusal.hpp"
#include "cli/output.hpp"
#include "core/manifest/types.hpp"
#include "mirror/table_spec.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kStatusSql =
    "SELECT t.name, g.generation, g.status, g.row_count, g.source, g.loaded_by,"
    " to_char(g.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " to_char(g.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " to_char(g.source_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " date_trunc('second', clock_timestamp() - greatest(g.finished_at, g.checked_at)),"
    " floor(extract(epoch FROM clock_timestamp() - greatest(g.finished_at, g.checked_at)))::bigint,"
    " to_char(g.checked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    " FROM tablegate.mirror_table t LEFT JOIN tablegate.generation g ON g.table_name = t.name"
    " AND (g.status IN ('loading', 'current', 'previous') OR $2::boolean)"
    " WHERE $1 = '' OR t.name = $1 ORDER BY t.name, g.generation DESC";

void text_or_null(JsonOutput& json, const char* name, const Rows& rows, int row, int column) {
  json.key(name);
  if (rows.null(row, column))
    json.null();
  else
    json.text(rows.text(row, column));
}

void print_status_json(const Rows& rows) {
  JsonOutput json;
  json.begin_array();
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.null(row, 1)) continue;  // never loaded
    json.begin_object().key("table").text(rows.text(row, 0));
    json.key("generation").number(rows.integer(row, 1)).key("status").text(rows.text(row, 2)).key("rows");
    if (rows.null(row, 3))
      json.null();
    else
      json.number(rows.integer(row, 3));
    json.key("source").text(rows.text(row, 4)).key("loaded_by").text(rows.text(row, 5));
    text_or_null(json, "started_at", rows, row, 6);
    text_or_null(json, "finished_at", rows, row, 7);
    text_or_null(json, "source_time", rows, row, 8);
    text_or_null(json, "checked_at", rows, row, 11);
    json.key("age_seconds");
    if (rows.null(row, 10))
      json.null();
    else
      json.number(rows.integer(row, 10));
    json.end_object();
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

void print_table_status(Database& catalog, const std::string& name, bool json) {
  const bool all = json && !name.empty();
  const Rows rows = catalog.query(kStatusSql, {name, all ? "true" : "false"});
  if (rows.empty() && !name.empty()) {
    throw Refused(fmt::format("no Table \"{}\" is defined", name), "tablegate get tables");
  }
  if (json) return print_status_json(rows);
  std::vector<std::vector<std::string>> lines = {
      {"TABLE", "GENERATION", "STATUS", "ROWS", "LOADED", "AGE", "SOURCE TIME", "SOURCE"}};
  for (int row = 0; row < rows.size(); ++row) {
    const auto cell = [&](int column) {
      return rows.null(row, column) ? std::string("-") : rows.string(row, column);
    };
    const std::string status = rows.null(row, 1) ? "not loaded" : cell(2);
    lines.push_back({cell(0), cell(1), status, cell(3), cell(7), cell(9), cell(8), cell(4)});
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
