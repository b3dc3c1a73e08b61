// Rules of masked columns: what an API returns masked, no caller can ask for, and
// it is not returned unmasked beside the mask.
#pragma once

#include "model/api_definition.hpp"
#include "model/definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// Whether the API returns the column masked.
bool is_masked(const ApiDefinition& api, const std::string& column);

// What needs no table.
void check_masks(const ApiDefinition& api, const Place& place, Problems& problems);

// A response parameter that has a mask, against its column. `here`: its JSON pointer below `place`.
void check_masked_column(const ResponseParameter& parameter, const TableColumn& column, const Place& place,
                         const std::string& here, Problems& problems);

}  // namespace tablegate::loader
