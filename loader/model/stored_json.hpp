// A definition as the catalog keeps it: the text of one JSON object. It was checked
// when it was applied; what cannot be read now was damaged since.
#pragma once

#include <string>
#include <string_view>

#include "base/json_text.hpp"

namespace tablegate::loader {

// `what` names it in the message: "Table \"users\"". Throws SystemFailure.
JsonDocument stored_object(std::string_view text, const std::string& what);

// The strings of a list, or none where `list` is no list; other items are left out.
std::vector<std::string> json_names(const JsonValue* list);
// The truth value of a member, or `otherwise` where there is none.
bool json_truth(const JsonValue& object, const char* name, bool otherwise);

}  // namespace tablegate::loader
