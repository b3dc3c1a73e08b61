#include "catalog/life/table_readers.hpp"

#include <fmt/format.h>

namespace tablegate::loader {

std::vector<TableReader> table_readers(Database& catalog, const TableInfo& table) {
  const Rows rows = catalog.query(
      "SELECT a.name, a.definition::text, NULL FROM tablegate.api a"
      " WHERE a.table_names @> ARRAY[$1] AND a.deleted_at IS NULL"
      " UNION ALL SELECT a.name, v.definition::text, v.source::text"
      " FROM (SELECT DISTINCT p.api_id, r.version FROM tablegate.published_api p JOIN "
      "tablegate.api_version_read r"
      "   ON r.api_id = p.api_id AND r.version IN (p.version, p.canary_version) WHERE r.table_name = $1) s"
      " JOIN tablegate.api_version v USING (api_id, version) JOIN tablegate.api a USING (api_id) ORDER BY 1",
      {table.name});
  std::vector<TableReader> readers;
  readers.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    const std::string what = fmt::format("API \"{}\"", rows.text(row, 0));
    readers.push_back({rows.string(row, 0), read_api_definition(rows.string(row, 1), what),
                       rows.null(row, 2) ? ApiSource(table)
                                         : read_api_source(rows.string(row, 2), "the source of " + what)});
  }
  return readers;
}

}  // namespace tablegate::loader
