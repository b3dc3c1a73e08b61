// The `ddl` of Tables that have none: their source (MaxCompute, PostgreSQL) tells it. Asked for
// before anything is locked; what comes becomes part of the definition, as the
// text of a `ddl_file` does.
#pragma once

#include <vector>

#include "catalog/database.hpp"
#include "catalog/definition.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {

// Marks a definition as broken where its source does not tell. Throws as MaxComputeService does.
void fill_source_ddl(Database& catalog, const Workspace& workspace, std::vector<Definition>& definitions,
                     Problems& problems);

}  // namespace tablegate::loader
