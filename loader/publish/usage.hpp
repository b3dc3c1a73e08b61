// Who called what, from a node's nginx into the catalog: fetches the answer of
// `tablegate_status` with the argument `usage` and adds what is new in it.
#pragma once

#include <string>

#include "catalog/database.hpp"

namespace tablegate::loader {

// Adds a report of `node` (its name) to what the catalog knows of `gateway`; returns how many requests are
// new. `json` is what the node's nginx answered: numbers that count up within its memory's epoch, so that the
// same report twice adds nothing, and a restart or a lost report loses or doubles nothing that was told.
// Throws Refused when it is no report of this gateway.
long long collect_usage(Database& catalog, const std::string& gateway, const std::string& node,
                        const std::string& json);

// The report of the nginx whose `tablegate_status` answers at `url`. Throws SystemFailure where nobody does.
std::string fetch_usage(const std::string& url);

// This machine's name, for `node`.
std::string node_name();

}  // namespace tablegate::loader
