// The conditions of a wizard: what its request parameters demand of their columns,
// as nodes of the statement program. An optional parameter without a default takes
// its condition along when it is absent. NULL behaves as SQL has it: a row whose
// column is NULL meets no condition, not even NOT IN of an empty list.
#pragma once

#include <cstdint>

#include "core/plan/node.hpp"
#include "model/api_definition.hpp"

namespace tablegate::loader {

// Adds the condition of `parameter`, which has the place `number` in the API's parameters, to the content of
// a WHERE.
void add_condition(const RequestParameter& parameter, uint32_t number, core::Nodes& where);

// Whether every request fixes the parameter's column to one value.
bool fixes_column(const RequestParameter& parameter);

}  // namespace tablegate::loader
