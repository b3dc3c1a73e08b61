// What a version of an API is compiled against, as api_version.source keeps it: of a
// wizard's API its table; of a script the columns of its statement, as PostgreSQL
// describes them, and the tables that it reads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/api_definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// Of a script: `columns` are those of the statement, empty as long as PostgreSQL was not asked; `name` and
// `primary_key` are empty; `time_zone` is that of its tables where they share one, else UTC.
struct ApiSource : TableInfo {
  ApiSource() = default;
  ApiSource(TableInfo table) : TableInfo(std::move(table)) {}  // NOLINT: implicit

  std::vector<TableInfo> tables;  // of a script, in the order of its text

  // The tables that it reads; of a wizard's API this one.
  std::vector<const TableInfo*> read_tables() const;
  // Of a script, or null.
  const TableInfo* find_table(const std::string& table) const;
};

// Of a script that reads these tables.
ApiSource script_source(std::vector<TableInfo> tables);

// As table_source(); of a script {"time_zone","columns","tables":[table sources]}.
std::string api_source_text(const ApiSource& source);
ApiSource read_api_source(const std::string& text, const std::string& what);

// The fields of the answer: as the definition has them, or of a script that does not name them its columns.
std::vector<ResponseParameter> response_of(const ApiDefinition& api, const TableInfo& source);

}  // namespace tablegate::loader
