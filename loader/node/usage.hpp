// Counts who called what: adds to the catalog what is new in a node's answer of
// `tablegate_status` with the argument `usage` (status_page.hpp).
#pragma once

#include <string>

#include "base/database.hpp"

namespace tablegate::loader {

// Adds a report of `node` (its name) to the counts of `gateway`; returns the number of new requests. `json`
// is the answer of the node's nginx: its counters only grow within an epoch of its shared memory. So a
// repeated report adds nothing, and a restart or a lost report neither loses nor doubles what was reported.
// Throws Refused when it is not a report of this gateway.
long long collect_usage(Database& catalog, const std::string& gateway, const std::string& node,
                        const std::string& json);

// Whether an answer of tablegate_status holds usage.
bool has_usage(const std::string& json);

}  // namespace tablegate::loader
