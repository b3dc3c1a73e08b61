#include "mirror/published_columns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/refusal.hpp"
#include "compile/columns_read.hpp"
#include "core/manifest/types.hpp"

namespace tablegate::loader {

namespace {

// Every column named by a published version, with the type that the version was compiled against.
Rows published_columns(Database& catalog, const std::string& table) {
  return catalog.query(
      fmt::format("SELECT DISTINCT a.name, c.item->>'name', c.item->>'type' FROM tablegate.published_api p"
                  " JOIN tablegate.api_version v ON v.api_id = p.api_id AND v.version IN (p.version, "
                  "p.canary_version)"
                  " JOIN tablegate.api a ON a.api_id = p.api_id"
                  " CROSS JOIN LATERAL json_array_elements(v.source->'columns') AS c (item)"
                  " WHERE v.source->>'table' = $1 AND {} ORDER BY 1, 2",
                  kReadsColumn),
      {table});
}

}  // namespace

std::vector<std::string> apis_reading(Database& catalog, const std::string& table,
                                      const std::vector<std::string>& columns) {
  const Rows rows = published_columns(catalog, table);
  std::vector<std::string> names;
  for (int row = 0; row < rows.size(); ++row) {
    const bool read = std::find(columns.begin(), columns.end(), rows.text(row, 1)) != columns.end();
    if (read && (names.empty() || names.back() != rows.text(row, 0))) names.push_back(rows.string(row, 0));
  }
  return names;
}

void check_published_columns(Database& catalog, const TableSpec& spec) {
  const Rows rows = published_columns(catalog, spec.name);
  for (int row = 0; row < rows.size(); ++row) {
    const auto column =
        std::find_if(spec.columns.begin(), spec.columns.end(),
                     [&](const TableColumn& candidate) { return candidate.name == rows.text(row, 1); });
    const std::string next = fmt::format("tablegate api unpublish \"{}\"", rows.text(row, 0));
    if (column == spec.columns.end()) {
      throw Refused(
          fmt::format("Table \"{}\" no longer has column \"{}\", which the published API \"{}\" reads",
                      spec.name, rows.text(row, 1), rows.text(row, 0)),
          next);
    }
    if (core::column_type_name(column->type) != rows.text(row, 2)) {
      throw Refused(
          fmt::format("Table \"{}\": column \"{}\" is now {}, but the published API \"{}\" reads it as {}",
                      spec.name, column->name, core::column_type_name(column->type), rows.text(row, 0),
                      rows.text(row, 2)),
          next);
    }
  }
}

}  // namespace tablegate::loader
