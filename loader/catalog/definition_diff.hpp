// What differs between two definitions of one object, field by field.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tablegate::loader {

struct FieldChange {
  std::string field;                         // JSON pointer; list items by their place
  std::optional<std::string> before, after;  // JSON; nullopt: it is not there
};

// Both are JSON objects; `before` empty: there was none, so that every field is new. `kind` and `name` tell
// which object it is and are no difference. In the order of the later definition, what is gone last.
std::vector<FieldChange> diff_definitions(const std::string& before, const std::string& after);

}  // namespace tablegate::loader
