#include "mirror/reader_access.hpp"

#include "mirror/serving_relation.hpp"

namespace tablegate::loader {

std::vector<std::string> wrong_reader_grants(Database& mirror) {
  const Rows can = mirror.query(
      "SELECT has_schema_privilege('tablegate_reader', 'mirror', 'CREATE'),"
      " has_database_privilege('tablegate_reader', current_database(), 'TEMP'), "
      "has_database_privilege('tablegate_reader', current_database(), 'CREATE'),"
      " has_schema_privilege('tablegate_reader', 'mirror', 'USAGE'), "
      "has_database_privilege('tablegate_reader', current_database(), 'CONNECT')");
  std::vector<std::string> wrong;
  if (can.boolean(0, 0)) wrong.emplace_back("creates in schema mirror");
  if (can.boolean(0, 1)) wrong.emplace_back("makes temporary tables");
  if (can.boolean(0, 2)) wrong.emplace_back("creates schemas");
  if (!can.boolean(0, 3)) wrong.emplace_back("does not see schema mirror");
  if (!can.boolean(0, 4)) wrong.emplace_back("may not connect");
  const Rows writes = mirror.query(
      "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace WHERE n.nspname = 'mirror'"
      " AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege('tablegate_reader', c.oid, 'INSERT, "
      "UPDATE, DELETE, TRUNCATE')");
  for (int row = 0; row < writes.size(); ++row) wrong.push_back("writes to " + writes.string(row, 0));
  return wrong;
}

ReaderAccess reader_access(Database& mirror, const std::string& table) {
  const Rows there = mirror.query(
      "SELECT has_table_privilege('tablegate_reader', c.oid, 'SELECT') FROM pg_catalog.pg_class c JOIN "
      "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mirror' AND c.relname = $1",
      {serving_relation(mirror, table)});
  if (there.empty()) return ReaderAccess::missing_table;
  return there.boolean(0, 0) ? ReaderAccess::reads : ReaderAccess::none;
}

}  // namespace tablegate::loader
