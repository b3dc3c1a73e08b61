// A wizard's API as a script, for people who go on from there: the same rows, columns
// and order, with a tag for each optional condition.
#pragma once

#include <string>

#include "model/api_definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// `wizard`: without masks, over columns that the table has.
std::string generated_script(const ApiDefinition& wizard, const TableInfo& table);

}  // namespace tablegate::loader
