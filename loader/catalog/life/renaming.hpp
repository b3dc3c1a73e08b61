// Another name for an API: versions, publications, authorisations and tests stay
// with it, gateways report the new name from the next sync on.
#pragma once

#include <string>

#include "catalog/lookup.hpp"

namespace tablegate::loader {

// False: it has that name already. Throws Refused for a name that is bad or another API's.
bool rename_api(Database& catalog, const Workspace& workspace, const std::string& name,
                const std::string& new_name);

}  // namespace tablegate::loader
