#include "mirror/serving_relation.hpp"

namespace tablegate::loader {

std::string serving_relation(Database& mirror, const std::string& table) {
  const Rows readable = mirror.query(
      "SELECT has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') FROM pg_class c"
      " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mirror' AND c.relname = "
      "'tablegate_tables'");
  if (readable.empty() || !readable.boolean(0, 0)) return table;
  const Rows rows =
      mirror.query("SELECT relation FROM mirror.tablegate_tables WHERE table_name = $1", {table});
  return rows.empty() ? table : rows.string(0, 0);
}

}  // namespace tablegate::loader
