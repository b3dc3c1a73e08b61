// Reads ARRAY, MAP and STRUCT values as odpscmd writes them into files: a JSON
// array or object in which all values are strings, and nested ones are JSON
// inside strings. Writes the same JSON as for the tunnel's values
// (maxcompute_value.hpp): numbers, booleans and nested values unquoted, where
// the type is one of these.
#pragma once

#include <string>
#include <string_view>

#include "model/ddl_type.hpp"

namespace tablegate::loader {

// `null`: the file's null marker, which means NULL inside too ("" only where no text is expected). Throws
// BadValue.
std::string unwrap_nested(std::string_view text, const DdlType& type, const std::string& null);

}  // namespace tablegate::loader
