// The `ddl` of Tables that have none is read from their source (MaxCompute, PostgreSQL) before anything
// is locked; what comes becomes part of the definition, as the text of a `ddl_file` does. The catalog knows
// no source: who applies hands in the reader (mirror/read_source_ddl.hpp).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "model/definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// One table of one source.
struct SourceRelation {
  DataSourceDefinition data_source;
  std::string table;  // as the source names it
  std::string query;  // instead, or empty
  std::string name;   // of the Table here
};

// Returns MaxCompute's CREATE TABLE. Throws Refused with the reason, SystemFailure.
using SourceDdlReader = std::function<std::string(const SourceRelation& table)>;

// Marks a definition as broken whose source does not give it. Throws as the reader does.
void fill_source_ddl(Database& catalog, const Workspace& workspace, std::vector<Definition>& definitions,
                     const SourceDdlReader& read, Problems& problems);

}  // namespace tablegate::loader
