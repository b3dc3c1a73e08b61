// The tables of `api show`: what callers send and what they get.
#pragma once

#include "model/api_definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// `source`: what the API is compiled against, for a script that does not name its columns. `cursors`: its
// pages have them.
void show_parameters(const ApiDefinition& definition, const TableInfo& source, bool cursors);

}  // namespace tablegate::loader
