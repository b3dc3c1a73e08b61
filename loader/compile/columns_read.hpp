// The columns that a version of an API reads, and whether the mirror has them.
#pragma once

#include <string>

#include "base/database.hpp"

namespace tablegate::loader {

// SQL: whether version `v` (of tablegate.api_version) reads column `c (item)` of its source's columns.
inline constexpr const char* kReadsColumn =
    "EXISTS ("
    "   SELECT FROM json_array_elements(coalesce(v.definition->'request_parameters', '[]')) AS r (item)"
    "   WHERE coalesce(r.item->>'column', r.item->>'name') = c.item->>'name'"
    "   UNION ALL"
    "   SELECT FROM json_array_elements(coalesce(v.definition->'response_parameters', '[]')) AS r (item)"
    "   WHERE coalesce(r.item->>'column', r.item->>'name') = c.item->>'name')";

// Throws Refused where the mirror could not answer the version: its table was deleted, or the generation that
// serves, or one that a load is just building, has no such column or another type. In the transaction of a
// publication and under lock_catalog(): a load looks once more at what is published before it swaps.
void require_columns(Database& catalog, const std::string& api_id, const std::string& api_name,
                     const std::string& version);

}  // namespace tablegate::loader
