// What a load needs to know about a table, from the catalog: the columns that
// apply read from its DDL, keys, indexes, time zone, and where its rows come
// from. A copy of one moment; it does not change during a load.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

struct TableSpec {
  std::string name;
  std::vector<TableColumn> columns;
  std::vector<std::string> primary_key;
  std::vector<std::vector<std::string>> indexes;
  std::string time_zone;
  std::string swap;          // rename, pointer
  std::string source_name;   // of the data source
  std::string source_type;   // csv, maxcompute, postgresql
  std::string source_table;  // its name in the source, as defined
  std::string source_query;  // postgresql: instead of the table, or empty
  DataSourceDefinition source;
  std::vector<std::string> partitions;  // that it holds: "*", or "ds=20260101"; empty: not limited
  std::string ddl;                      // MaxCompute's, as applied

  std::vector<std::string> column_names() const;
  // The last part of source_table: project.schema.name.
  std::string source_table_name() const { return source_table.substr(source_table.rfind('.') + 1); }
};

// Throws Refused when there is no such table or its definition cannot be loaded.
TableSpec read_table_spec(Database& catalog, const std::string& name);

}  // namespace tablegate::loader
