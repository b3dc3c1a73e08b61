// A wizard's API as a script, for people who go on from there: the same rows, columns
// and order, with a tag for each optional condition.
#pragma once

#include <string>
#include <vector>

#include "model/api_definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// `wizard`: without masks, over columns that the table has.
std::string generated_script(const ApiDefinition& wizard, const TableInfo& table);

// Why pages of that script have no cursors although those of the wizard have them; empty: they have them too,
// or neither has.
std::string lost_cursors(const ApiDefinition& wizard, const TableInfo& table);

// What is wrong with the text of an API in mode script, each with its place.
std::vector<std::string> script_faults(const ApiDefinition& api);

}  // namespace tablegate::loader
