// Who called what, from a node's nginx into the catalog: adds what is new in an
// answer of `tablegate_status` with the argument `usage` (status_page.hpp).
#pragma once

#include <string>

#include "base/database.hpp"

namespace tablegate::loader {

// Adds a report of `node` (its name) to what the catalog knows of `gateway`; returns how many requests are
// new. `json` is what the node's nginx answered: numbers that count up within its memory's epoch, so that the
// same report twice adds nothing, and a restart or a lost report loses or doubles nothing that was told.
// Throws Refused when it is no report of this gateway.
long long collect_usage(Database& catalog, const std::string& gateway, const std::string& node,
                        const std::string& json);

// Whether the answer of a tablegate_status tells of use at all.
bool has_usage(const std::string& json);

}  // namespace tablegate::loader
