// `table rollback`: makes the previous generation serve again.
#pragma once

#include "base/database.hpp"
#include "mirror/load.hpp"
#include "mirror/table_spec.hpp"

namespace tablegate::loader {

// Swaps the serving generation with the previous one (or with `generation`, if it is not 0) under the table's
// loader lock, as a load does; a second call undoes it. Throws Refused: there is no such generation, or it
// lacks columns that a published API reads.
LoadOutcome rollback_table(Database& catalog, Database& mirror, const TableSpec& spec, int64_t generation);

}  // namespace tablegate::loader
