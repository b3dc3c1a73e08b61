// Whether a comparison of a script has placeholders alone on its sides: `${column} = #{value}` was meant to
// choose a column by its name, and is the comparison of two values. Used by sql_walk.cpp.
#pragma once

#include <string_view>

#include "script/sql_tree.hpp"

namespace tablegate::loader {

// The first placeholder of a comparison (an A_Expr's members) that reads nothing else; null: it has another
// operand, such as a column or a constant.
const JsonValue* compared_placeholder(const JsonValue& expression);

}  // namespace tablegate::loader
