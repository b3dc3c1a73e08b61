#include "model/schema_fields.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"
#include "model/definition_schema.hpp"

namespace tablegate::loader {
namespace {

bool has_text(const JsonValue* list, std::string_view text) {
  if (list == nullptr) return false;
  const auto texts = list->GetArray();
  return std::any_of(texts.begin(), texts.end(),
                     [text](const JsonValue& one) { return json_string(one) == text; });
}

// What the fields of a list belong to.
const JsonValue& below_lists(const JsonValue& schema) {
  const JsonValue* const items = json_find(schema, "items");
  return items == nullptr ? schema : below_lists(*items);
}

}  // namespace

std::vector<SchemaField> fields_of(const JsonValue& schema) {
  const JsonValue& object = json_find(schema, "properties") == nullptr ? below_lists(schema) : schema;
  std::vector<SchemaField> fields;
  const JsonValue* const properties = json_find(object, "properties");
  if (properties == nullptr) return fields;
  for (const auto& property : properties->GetObject()) {
    const std::string_view name = json_string(property.name);
    if (name != "$schema")
      fields.push_back({std::string(name), &property.value, has_text(json_find(object, "required"), name)});
  }
  return fields;
}

std::vector<std::string> field_names(const JsonValue& schema) {
  std::vector<std::string> names;
  for (const SchemaField& field : fields_of(schema)) names.push_back(field.name);
  return names;
}

std::string choice_text(const JsonValue& choice) {
  if (!choice.IsString()) return json_text(choice);
  const std::string_view text = json_string(choice);
  const bool other_type = text == "null" || text == "true" || text == "false";
  return other_type ? json_text(choice) : std::string(text);
}

std::vector<std::string> choice_texts(const JsonValue* choices) {
  std::vector<std::string> texts;
  if (choices == nullptr) return texts;
  for (const JsonValue& one : choices->GetArray()) texts.push_back(choice_text(one));
  return texts;
}

std::string field_path(Kind kind, std::string_view pointer) {
  std::string path(kind_info(kind).name);
  const JsonValue* schema = &schema_text(kind);
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view name = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(name.size());
    const std::vector<SchemaField> fields = fields_of(*schema);
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [name](const SchemaField& field) { return field.name == name; });
    if (found != fields.end()) {
      path += '.';
      path += name;
      schema = found->schema;
    } else if (json_find(*schema, "items") == nullptr || !core::is_digit(name.empty() ? ' ' : name[0])) {
      break;  // no field, no item of a list
    }
  }
  return path;
}

}  // namespace tablegate::loader
