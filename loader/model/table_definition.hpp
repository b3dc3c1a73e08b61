// The definitions of a Table and of its DataSource, read from their JSON once with
// every default, and what the catalog keeps of a table's columns: an API's version
// is compiled against such a TableInfo and stores it as its source.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json_text.hpp"
#include "model/ddl.hpp"

namespace tablegate::loader {

inline constexpr const char* kDefaultTimeZone = "UTC";
inline constexpr const char* kRenameSwap = "rename";

struct DataSourceDefinition {
  std::string name, type;                                                 // csv, maxcompute, postgresql
  std::string path;                                                       // csv
  std::string dsn;                                                        // postgresql
  std::string endpoint, project, schema, tunnel_endpoint, region, quota;  // maxcompute
};
DataSourceDefinition read_data_source_definition(const JsonValue& definition);
// From the catalog's text. Throws SystemFailure when it is no JSON object.
DataSourceDefinition read_data_source_definition(const std::string& text, const std::string& what);

// When `table watch` loads a table again.
struct Refresh {
  std::string schedule;
  std::string time_zone;  // empty: the table's
  bool plain = false;     // written as a string
};

struct TableDefinition {
  std::string name, data_source;
  std::string source_table;                 // its name in the source; default: its name
  bool source_table_given = false;          // "source_table" is written
  std::optional<std::string> source_query;  // instead of source_table
  std::optional<std::string> ddl, ddl_file;
  std::optional<std::vector<std::string>> primary_key;  // none: the DDL's
  std::vector<std::vector<std::string>> indexes;
  std::vector<std::string> partitions;
  bool partitions_listed = false;  // "partition" is written as a list
  std::optional<std::string> time_zone;
  std::string swap = kRenameSwap;
  std::optional<Refresh> refresh;

  // The zone of its times without offset. `source_type`: of its data source.
  std::string zone(const std::string& source_type) const;
};
TableDefinition read_table_definition(const JsonValue& definition);
TableDefinition read_table_definition(const std::string& text, const std::string& what);

// What an API's parameters are checked against, and what a version of it is compiled against.
struct TableInfo {
  std::string name;
  std::string time_zone = kDefaultTimeZone;
  std::vector<std::string> primary_key;
  std::vector<TableColumn> columns;

  const TableColumn* find(const std::string& column) const;
};

// {"table","time_zone","primary_key","columns"} as api_version.source keeps it, and back. Throws
// SystemFailure for what is no such text; `what` names it.
std::string table_source(const TableInfo& table);
TableInfo read_table_source(const std::string& text, const std::string& what);

// [{"name","type","sql_type","not_null"}] as mirror_table.columns keeps them, and back.
std::string columns_text(const std::vector<TableColumn>& columns);
std::vector<TableColumn> read_columns(const std::string& text);
// ["a","b"] and back.
std::string names_text(const std::vector<std::string>& names);
std::vector<std::string> read_names(const std::string& text);

}  // namespace tablegate::loader
