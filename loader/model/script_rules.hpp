// The rules of an API in mode script that need neither its SQL nor its tables:
// which fields it has, and values of `default` and `sample` against the types of
// their parameters. What the SQL may say: script/script.hpp.
#pragma once

#include "core/manifest/types.hpp"
#include "model/api_definition.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {

// What a placeholder of the parameter is in PostgreSQL; of a list: its items.
core::ColumnType script_type(core::ParameterType type);

void check_script_shape(const ApiDefinition& api, const Place& place, Problems& problems);

}  // namespace tablegate::loader
