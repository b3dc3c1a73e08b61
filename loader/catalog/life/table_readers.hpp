// The APIs that read a table, as they would be or are served: drafts, and versions
// that are published.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "model/api_source.hpp"

namespace tablegate::loader {

struct TableReader {
  std::string api;
  ApiDefinition definition;
  ApiSource source;  // what it is compiled against
};

// By name; an API may come several times.
std::vector<TableReader> table_readers(Database& catalog, const TableInfo& table);

}  // namespace tablegate::loader
