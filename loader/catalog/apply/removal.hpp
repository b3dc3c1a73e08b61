// Takes definitions out of the catalog. What something else refers to, or what
// callers are served by, is refused, naming by whom. An API's versions and its
// publications stay on record.
#pragma once

#include <string>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {

// Throws Refused where there is none or it is in use. For a table the mirror's own table is the caller's to
// drop.
// `version`: of a REST API that has several.
void delete_definition(Database& catalog, const Workspace& workspace, Kind kind, const std::string& name,
                       const std::string& version = {});

}  // namespace tablegate::loader
