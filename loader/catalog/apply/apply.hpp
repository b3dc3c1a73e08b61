// Saves definitions: all of them in one transaction or none. References are
// looked for among the definitions of the same apply, in any order, and in the
// catalog. An API's definition is its draft: callers see nothing of it.
#pragma once

#include <vector>

#include "catalog/apply/apply_context.hpp"
#include "catalog/apply/source_ddl.hpp"

namespace tablegate::loader {

// In the order given; `read` finds the columns of Tables without a ddl. Throws Refused with every problem,
// those in `problems` included; then nothing was saved.
std::vector<AppliedObject> apply_definitions(Database& catalog, const Workspace& workspace,
                                             std::vector<Definition>& definitions, Problems& problems,
                                             const SourceDdlReader& read);

// What apply_definitions() would do, by doing it and taking all of it back.
std::vector<AppliedObject> try_definitions(Database& catalog, const Workspace& workspace,
                                           std::vector<Definition>& definitions, Problems& problems,
                                           const SourceDdlReader& read);

}  // namespace tablegate::loader
