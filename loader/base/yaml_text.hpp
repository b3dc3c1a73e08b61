// YAML of definitions, read by libyaml's events into the tree that JSON is read
// into, and written from it. Of YAML's types only those of JSON exist: plain
// scalars by the core schema of YAML 1.2, no tags, no merge keys. Anchors and
// aliases work; what they repeat is bounded. json_faults() checks the rest: as in
// JSON, repeated members and numbers that are not exact.
#pragma once

#include <string>
#include <string_view>

#include "base/json_text.hpp"

namespace tablegate::loader {

// Empty when `text` was read. `documents` becomes an array of them; empty documents are left out. `positions`
// are by JSON pointer in that array: "/0/kind" is a member of the first document, and its name's place.
TextFault parse_yaml(std::string_view text, JsonDocument& documents, TextPositions& positions);

// One document, without the line that begins it: block style, members in their order. Texts that look like
// something else are quoted, those of several lines are block scalars (|) where that keeps every byte. Values
// that json_faults() objects to are not allowed.
std::string yaml_text(const JsonValue& value);

}  // namespace tablegate::loader
