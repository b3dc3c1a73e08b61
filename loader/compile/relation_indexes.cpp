#include "compile/relation_indexes.hpp"

#include "base/sql_array.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

std::vector<IndexColumns> list_indexes(Database& mirror, const std::string& relation) {
  const Rows rows = mirror.query(
      "SELECT json_agg(a.attname ORDER BY key.place)::text FROM pg_catalog.pg_index i"
      " JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = "
      "t.relnamespace"
      " JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = x.relam"
      " CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS key (number, place)"
      " JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = key.number"
      " WHERE n.nspname = 'mirror' AND t.relname = $1 AND m.amname = 'btree' AND i.indisvalid AND NOT "
      "i.indisprimary"
      " AND i.indpred IS NULL AND i.indexprs IS NULL AND key.place <= i.indnkeyatts"
      " GROUP BY i.indexrelid, x.relname ORDER BY x.relname",
      {relation});
  std::vector<IndexColumns> indexes;
  indexes.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) indexes.push_back(read_names(rows.string(row, 0)));
  return indexes;
}

FirstColumns list_first_columns(Database& mirror, const std::vector<std::string>& relations) {
  const Rows rows = mirror.query(
      "SELECT x.relname, a.attname FROM pg_catalog.pg_index i"
      " JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = "
      "t.relnamespace"
      " JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = x.relam"
      " JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]"
      " WHERE n.nspname = 'mirror' AND t.relname = ANY ($1::text[]) AND m.amname = 'btree'",
      {sql_array(relations)});
  FirstColumns columns;
  for (int row = 0; row < rows.size(); ++row) columns.emplace(rows.string(row, 0), rows.string(row, 1));
  return columns;
}

}  // namespace tablegate::loader
