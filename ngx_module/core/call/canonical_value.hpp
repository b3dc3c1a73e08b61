// One spelling for each value: `007` and `7`, `1` and `true`, `2025-01-31T08:00Z`
// and `2025-01-31 09:00:00+01` mean the same to PostgreSQL. Conditions of two
// requests are compared by it. Text of another form stays as it is: two spellings
// are then taken for two values, never two values for one.
#pragma once

#include <string_view>

#include "core/arena.hpp"
#include "core/manifest/types.hpp"

namespace tablegate::core {

// `value` has passed check_value() for this parameter type. A part of it, or a text in the arena; null
// data(): no memory.
std::string_view canonical_value(ParameterType type, std::string_view value, Arena& arena);

}  // namespace tablegate::core
