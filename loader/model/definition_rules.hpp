// What the shape alone does not say: lengths, characters and fields that go
// together. Without the catalog: what refers to other objects is checked by
// apply.hpp and api_rules.hpp.
#pragma once

#include <string>
#include <vector>

#include "model/ddl.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {

// Checks a definition whose schema held, and marks it as broken when a rule does not hold.
void check_rules(Definition& definition, Problems& problems);

// What an API's parameters are checked against.
struct TableInfo {
  std::string name;
  std::string time_zone;
  std::vector<std::string> primary_key;
  std::vector<TableColumn> columns;

  const TableColumn* find(const std::string& column) const;
};

// Folds `ddl_file` into `ddl`, reads the DDL, and checks key and indexes against its columns. Marks it as
// broken when something does not hold.
TableInfo read_table(Definition& definition, Problems& problems);

// A GatewayInstance's "http_listen" or "https_listen", or what it stands for when it is left out.
std::vector<std::string> listen_of(const JsonValue& gateway, const char* name);

// [{"name","type","sql_type","not_null"}] as mirror_table.columns keeps them, and back.
std::string columns_text(const std::vector<TableColumn>& columns);
std::vector<TableColumn> read_columns(const std::string& text);
// ["a","b"] and back.
std::string names_text(const std::vector<std::string>& names);
std::vector<std::string> read_names(const std::string& text);

}  // namespace tablegate::loader
