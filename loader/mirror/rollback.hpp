// `table rollback`: the generation that served before serves again.
#pragma once

#include "base/database.hpp"
#include "mirror/load.hpp"
#include "mirror/table_spec.hpp"

namespace tablegate::loader {

// Swaps the serving generation and the one that served before (or `generation`, where it is not 0) under the
// table's loader lock, as a load does; done twice, it is as it was. Throws Refused: nothing served before, or
// its columns are not those that a published API reads.
LoadOutcome rollback_table(Database& catalog, Database& mirror, const TableSpec& spec, int64_t generation);

}  // namespace tablegate::loader
