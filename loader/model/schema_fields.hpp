// The fields of a definition as its JSON Schema has them (schema/definitions), for
// `tablegate explain` and for messages: members of an object, and of the items of a
// list. field_path() turns the place of a fault into what explain takes:
// Api and /request_parameters/0/type are Api.request_parameters.type.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/definition.hpp"

namespace tablegate::loader {

struct SchemaField {
  std::string name;
  const JsonValue* schema;
  bool required;
};

// Of an object, or of the items of a list; empty where the schema names none. "$schema" is left out. The
// schemas live as long as the program.
std::vector<SchemaField> fields_of(const JsonValue& schema);
std::vector<std::string> field_names(const JsonValue& schema);

// The values of `enum` and the like, for people. A text that YAML reads as another type is in quotes: "null".
std::string choice_text(const JsonValue& choice);
std::vector<std::string> choice_texts(const JsonValue* choices);

// The kind, then the names of `pointer` as far as the schema has them, with dots.
std::string field_path(Kind kind, std::string_view pointer);

}  // namespace tablegate::loader
