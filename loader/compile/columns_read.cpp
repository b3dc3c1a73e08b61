#include "compile/columns_read.hpp"

#include <fmt/format.h>

#include "base/refusal.hpp"

namespace tablegate::loader {

void require_columns(Database& catalog, const std::string& api_id, const std::string& api_name,
                     const std::string& version) {
  const Rows table = catalog.query(
      "SELECT v.source->>'table' FROM tablegate.api_version v WHERE v.api_id = $1 AND v.version = $2"
      " AND NOT EXISTS (SELECT FROM tablegate.mirror_table t WHERE t.name = v.source->>'table')",
      {api_id, version});
  if (!table.empty()) {
    throw Refused(fmt::format("version {} of API \"{}\" reads Table \"{}\", which was deleted", version,
                              api_name, table.text(0, 0)),
                  "tablegate apply -f FILE, and tablegate table load " + table.string(0, 0));
  }
  const Rows rows = catalog.query(
      fmt::format(
          "SELECT g.table_name, g.generation, g.status, c.item->>'name', c.item->>'type', has.item->>'type'"
          " FROM tablegate.api_version v CROSS JOIN LATERAL json_array_elements(v.source->'columns') AS c "
          "(item)"
          " JOIN tablegate.generation g ON g.table_name = v.source->>'table' AND g.status IN ('current', "
          "'loading')"
          " LEFT JOIN LATERAL json_array_elements(g.columns) AS has (item) ON has.item->>'name' = "
          "c.item->>'name'"
          " WHERE v.api_id = $1 AND v.version = $2 AND {} AND has.item->>'type' IS DISTINCT FROM "
          "c.item->>'type' ORDER BY g.status, 4 LIMIT 1",
          kReadsColumn),
      {api_id, version});
  if (rows.empty()) return;
  const bool loading = rows.text(0, 2) == "loading";
  const std::string generation = fmt::format("generation {} of Table \"{}\"{}", rows.text(0, 1),
                                             rows.text(0, 0), loading ? ", which is being loaded," : "");
  const std::string what = rows.null(0, 5) ? fmt::format("has no column \"{}\"", rows.text(0, 3))
                                           : fmt::format("has column \"{}\" as {}, not {}", rows.text(0, 3),
                                                         rows.text(0, 5), rows.text(0, 4));
  throw Refused(
      fmt::format("version {} of API \"{}\" cannot be answered: {} {}", version, api_name, generation, what),
      fmt::format("tablegate table status {0}, and tablegate table load {0} or tablegate table rollback {0}",
                  rows.text(0, 0)));
}

}  // namespace tablegate::loader
