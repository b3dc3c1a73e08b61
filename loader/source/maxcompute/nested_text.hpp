// ARRAY, MAP and STRUCT as odpscmd writes them into files: a JSON array or object
// whose values are all strings, nested ones JSON inside strings. Becomes the JSON
// that the tunnel's values become (maxcompute_value.hpp): numbers, truth values
// and nested values as such, wherever the type says so.
#pragma once

#include <string>
#include <string_view>

#include "model/ddl_type.hpp"

namespace tablegate::loader {

// `null`: the file's null marker, which stands for NULL inside too ("" only where no text is wanted). Throws
// BadValue.
std::string unwrap_nested(std::string_view text, const DdlType& type, const std::string& null);

}  // namespace tablegate::loader
