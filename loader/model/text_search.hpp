// Whether a definition contains a text, for `api list --grep`.
#pragma once

#include <string_view>

#include "base/json_text.hpp"

namespace tablegate::loader {

// In a name or a value: a string as it is read, a number or truth value as it is written.
bool contains_text(const JsonValue& value, std::string_view text);

}  // namespace tablegate::loader
