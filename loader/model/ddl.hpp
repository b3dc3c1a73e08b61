// MaxCompute's CREATE TABLE, read into columns of PostgreSQL (the mapping is
// documented in loader/README.md). What cannot be mapped is refused by column.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/manifest/types.hpp"

namespace tablegate::loader {

struct TableColumn {
  std::string name;
  core::ColumnType type = core::ColumnType::text;
  std::string sql_type;  // as PostgreSQL declares it: "bigint", "numeric(38,18)"
  bool not_null = false;
  std::string comment;
};

// As people know it: "bigint".
std::string shown_type(const TableColumn& column);
std::vector<std::string> column_names(const std::vector<TableColumn>& columns);

struct TableDdl {
  std::string table;  // as written, without project and schema
  std::vector<TableColumn> columns;
  std::vector<std::string> partition_columns;  // the last of `columns`, in order
  std::vector<std::string> primary_key;        // empty: none in the DDL
  std::string comment;
};

// Throws Refused with the reason and the place in the text.
TableDdl parse_ddl(std::string_view ddl);

// Columns that every PostgreSQL table has already.
bool is_system_column(std::string_view name);

}  // namespace tablegate::loader
