// Protects callers from a load: the columns that a published API reads must be
// in the new generation, with the same types, and its pages by cursor must find
// each row of it.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "mirror/table_spec.hpp"

namespace tablegate::loader {

// Throws Refused, naming the API and the column.
void check_published_columns(Database& catalog, const TableSpec& spec);

// The published APIs that read one of the columns, sorted by name.
std::vector<std::string> apis_reading(Database& catalog, const std::string& table,
                                      const std::vector<std::string>& columns);

}  // namespace tablegate::loader
