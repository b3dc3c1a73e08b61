// What a command or a definition names and the catalog does not have, in words,
// with the nearest name that it has: there is no table "user_inof" (did you mean
// "user_info"?). Asked only after a look-up failed.
#pragma once

#include <string>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {

// ` (did you mean "NAME"?)`, or empty. `workspace`: the one whose objects are meant, of business processes,
// APIs and data sources; null: all.
std::string near_object(Database& catalog, Kind kind, const std::string& name,
                        const Workspace* workspace = nullptr);

// `there is no KIND "NAME" in workspace W (did you mean "OTHER"?)`.
std::string missing_object(Database& catalog, Kind kind, const std::string& name,
                           const Workspace* workspace = nullptr);

}  // namespace tablegate::loader
