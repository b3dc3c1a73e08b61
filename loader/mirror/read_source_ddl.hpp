// Asks the source of a table for its columns, for `apply` of Tables without a
// `ddl`.
#pragma once

#include <string>

#include "catalog/apply/source_ddl.hpp"

namespace tablegate::loader {

// A SourceDdlReader. Throws Refused and SystemFailure as MaxComputeService and open_postgres() do.
std::string read_source_ddl(const SourceRelation& table);

}  // namespace tablegate::loader
