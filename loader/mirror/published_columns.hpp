// Guards callers against a load: columns that a published API reads must still
// be there, with the same type, in the new generation.
#pragma once

#include "catalog/database.hpp"
#include "mirror/table_spec.hpp"

namespace tablegate::loader {

// Throws Refused, naming the API and the column.
void check_published_columns(Database& catalog, const TableSpec& spec);

}  // namespace tablegate::loader
