#include "model/definition_schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

#include <map>
#include <memory>

#include "base/embedded.hpp"
#include "base/json_output.hpp"
#include "base/near_name.hpp"
#include "base/refusal.hpp"
#include "model/schema_fields.hpp"

namespace tablegate::loader {
namespace {

struct Schema {
  JsonDocument text;
  std::unique_ptr<rapidjson::SchemaDocument> compiled;
};

const Schema& schema_of(Kind kind) {
  static std::map<Kind, Schema> cache;
  Schema& schema = cache[kind];
  if (schema.compiled) return schema;
  for (const EmbeddedFile& file : embedded_schemas()) {
    if (file.name != kind_info(kind).schema_file) continue;
    if (const TextFault fault = parse_json(file.content, schema.text); !fault.empty()) {
      throw SystemFailure(fmt::format("{}: {}", file.name, fault.text()));
    }
    schema.compiled = std::make_unique<rapidjson::SchemaDocument>(schema.text);
    return schema;
  }
  throw SystemFailure(fmt::format("this build has no {}", kind_info(kind).schema_file));
}

bool lists(const JsonValue* array, const JsonValue& value) {
  if (array == nullptr) return false;
  for (const JsonValue& item : array->GetArray()) {
    if (item == value) return true;
  }
  return false;
}

std::string joined(const JsonValue& array) {
  return fmt::format("{}", fmt::join(choice_texts(&array), ", "));
}

// `, not "asc ending" (did you mean "asc"?)`. A long value or a list is not repeated.
std::string instead_of(const JsonValue& value, const JsonValue* choices) {
  constexpr size_t kShown = 60;
  if (value.IsObject() || value.IsArray()) return {};
  const std::string shown = json_text(value);
  std::string words = shown.size() > kShown ? std::string() : ", not " + shown;
  if (choices == nullptr) return words;
  const std::string text = value.IsString() ? std::string(json_string(value)) : shown;
  std::vector<std::string> names;
  for (const JsonValue& choice : choices->GetArray()) {
    if (!choice.IsString()) continue;
    names.emplace_back(json_string(choice));
    if (!value.IsString() && names.back() == text)
      return words + fmt::format(": write \"{}\" in quotes", text);
  }
  return words + did_you_mean(text, names);
}

// Tells in words what a value breaks of a schema node: the keywords that our schemas use.
class Explainer {
 public:
  Explainer(const Place& place, Problems& problems) : place_(place), problems_(problems) {}

  void value(const JsonValue& schema, const JsonValue& value, const std::string& pointer,
             std::string_view field) {
    if (const JsonValue* const choices = json_find(schema, "enum"))
      return enumeration(schema, *choices, value, pointer, field);
    if (const JsonValue* const type = json_find(schema, "type"); type != nullptr && !has_type(*type, value)) {
      const bool truth = type->IsString() && json_string(*type) == "boolean";
      return problems_.add(place_, pointer,
                           "must be " + type_words(*type) +
                               (truth ? ": write true or false" + instead_of(value, nullptr) : "") +
                               form_of(schema));
    }
    if (value.IsObject()) object(schema, value, pointer);
    if (value.IsArray()) array(schema, value, pointer);
    if (value.IsNumber()) range(schema, value, pointer);
  }

 private:
  static bool has_type(const JsonValue& type, const JsonValue& value) {
    if (type.IsArray()) {
      for (const JsonValue& one : type.GetArray()) {
        if (has_type(one, value)) return true;
      }
      return false;
    }
    const std::string_view name = json_string(type);
    return (name == "string" && value.IsString()) || (name == "boolean" && value.IsBool()) ||
           (name == "object" && value.IsObject()) || (name == "array" && value.IsArray()) ||
           (name == "null" && value.IsNull()) || (name == "number" && value.IsNumber()) ||
           (name == "integer" && (value.IsInt64() || value.IsUint64()));
  }

  static std::string type_words(const JsonValue& type) {
    if (!type.IsArray()) {
      const std::string name(json_string(type));
      return (name == "array" || name == "object" || name == "integer" ? "an " : "a ") + name;
    }
    std::string words;
    for (const JsonValue& one : type.GetArray()) words += (words.empty() ? "" : " or ") + type_words(one);
    return words;
  }

  // ", such as [{"column": ...}]": the members that the objects of the schema require, else their first.
  static std::string form_of(const JsonValue& schema) {
    const std::string form = example_of(schema);
    return form.empty() ? form : ", such as " + form;
  }

  static std::string example_of(const JsonValue& schema) {
    if (const JsonValue* const items = json_find(schema, "items")) {
      const std::string item = example_of(*items);
      return item.empty() ? item : "[" + item + "]";
    }
    std::string members;
    if (const JsonValue* const required = json_find(schema, "required")) {
      for (const JsonValue& name : required->GetArray())
        members += fmt::format("{}\"{}\": ...", members.empty() ? "" : ", ", json_string(name));
    } else if (const std::vector<std::string> names = field_names(schema); !names.empty()) {
      members = fmt::format("\"{}\": ...", names.front());
    }
    return members.empty() ? members : "{" + members + "}";
  }

  void enumeration(const JsonValue& schema, const JsonValue& choices, const JsonValue& value,
                   const std::string& pointer, std::string_view field) {
    if (lists(&choices, value)) return;
    const std::string shown = json_text(value);
    if (lists(json_find(schema, "x-later"), value)) {
      problems_.add(place_, pointer,
                    fmt::format("{} {} is not supported yet (supported: {})", field, shown, joined(choices)));
    } else {
      const JsonValue* const later = json_find(schema, "x-later");
      problems_.add(
          place_, pointer,
          fmt::format("{} must be {}{}{}{}", field, choices.Size() == 1 ? "" : "one of ", joined(choices),
                      later == nullptr ? "" : " (not supported yet: " + joined(*later) + ")",
                      instead_of(value, &choices)));
    }
  }

  void object(const JsonValue& schema, const JsonValue& value, const std::string& pointer) {
    const JsonValue* const properties = json_find(schema, "properties");
    const JsonValue* const rest = json_find(schema, "additionalProperties");
    if (const JsonValue* const required = json_find(schema, "required")) {
      for (const JsonValue& name : required->GetArray()) {
        if (json_find(value, name.GetString()) == nullptr) {
          problems_.add(place_, pointer, fmt::format("\"{}\" is missing", json_string(name)));
        }
      }
    }
    for (const auto& member : value.GetObject()) {
      const std::string_view name = json_string(member.name);
      const std::string here = pointer + pointer_token(name);
      if (const JsonValue* const known =
              properties == nullptr ? nullptr : json_find(*properties, member.name.GetString())) {
        this->value(*known, member.value, here, name);
      } else if (lists(json_find(schema, "x-later"), member.name)) {
        problems_.add(place_, here, fmt::format("field \"{}\" is not supported yet", name));
      } else if (rest != nullptr && rest->IsObject()) {
        this->value(*rest, member.value, here, name);
      } else if (rest != nullptr && rest->IsFalse()) {
        const bool option = pointer.empty() && name == "workspace";
        problems_.add(place_, here,
                      fmt::format("unknown field \"{}\"{}", name,
                                  option ? ": the workspace is an option of the command, --workspace NAME"
                                         : did_you_mean(name, field_names(schema))));
      }
    }
  }

  void array(const JsonValue& schema, const JsonValue& value, const std::string& pointer) {
    const auto limit = [&](const char* keyword, bool least) {
      const JsonValue* const bound = json_find(schema, keyword);
      if (bound == nullptr || (least ? value.Size() >= bound->GetUint() : value.Size() <= bound->GetUint()))
        return;
      problems_.add(place_, pointer,
                    fmt::format("must have at {} {} item{}", least ? "least" : "most", bound->GetUint(),
                                bound->GetUint() == 1 ? "" : "s"));
    };
    limit("minItems", true);
    limit("maxItems", false);
    const JsonValue* const unique = json_find(schema, "uniqueItems");
    const JsonValue* const items = json_find(schema, "items");
    const size_t slash = pointer.rfind('/');
    const std::string field = slash == std::string::npos ? "" : pointer.substr(slash + 1);
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
      const std::string here = pointer + pointer_token(size_t{i});
      if (items != nullptr) this->value(*items, value[i], here, field);
      for (rapidjson::SizeType j = 0; unique != nullptr && unique->IsTrue() && j < i; ++j) {
        if (value[i] == value[j]) problems_.add(place_, here, json_text(value[i]) + " is repeated");
      }
    }
  }

  void range(const JsonValue& schema, const JsonValue& value, const std::string& pointer) {
    const JsonValue* const least = json_find(schema, "minimum");
    const JsonValue* const most = json_find(schema, "maximum");
    if (least == nullptr || most == nullptr) return;
    if (value.GetDouble() < least->GetDouble() || value.GetDouble() > most->GetDouble()) {
      problems_.add(place_, pointer, fmt::format("must be {} to {}", json_text(*least), json_text(*most)));
    }
  }

  const Place& place_;
  Problems& problems_;
};

// Members in the schema's order; those it does not name are left out.
void write_ordered(const JsonValue* schema, const JsonValue& value, JsonOutput& json) {
  const JsonValue* const properties = schema == nullptr ? nullptr : json_find(*schema, "properties");
  if (value.IsArray()) {
    const JsonValue* const items = schema == nullptr ? nullptr : json_find(*schema, "items");
    json.begin_array();
    for (const JsonValue& item : value.GetArray()) write_ordered(items, item, json);
    json.end_array();
  } else if (value.IsObject() && properties != nullptr) {
    json.begin_object();
    for (const auto& property : properties->GetObject()) {
      const JsonValue* const member = json_find(value, property.name.GetString());
      if (member == nullptr || json_string(property.name) == "$schema") continue;
      json.key(json_string(property.name));
      write_ordered(&property.value, *member, json);
    }
    json.end_object();
  } else {
    json.tree(value);
  }
}

}  // namespace

const JsonValue& schema_text(Kind kind) {
  return schema_of(kind).text;
}

void check_schema(Definition& definition, Problems& problems) {
  const Schema& schema = schema_of(definition.kind);
  rapidjson::SchemaValidator validator(*schema.compiled);
  if (definition.document.Accept(validator)) return;
  definition.broken = true;
  const size_t before = problems.size();
  Explainer(definition.place, problems).value(schema.text, definition.document, "", "");
  if (problems.size() > before) return;
  // A keyword that the explainer does not know: as the validator says it.
  rapidjson::StringBuffer pointer;
  validator.GetInvalidDocumentPointer().Stringify(pointer);
  problems.add(definition.place, pointer.GetString(),
               fmt::format("breaks \"{}\" of {}", validator.GetInvalidSchemaKeyword(),
                           kind_info(definition.kind).schema_file));
}

std::string normalised_text(const Definition& definition) {
  JsonOutput json;
  write_ordered(&schema_of(definition.kind).text, definition.document, json);
  return json.take();
}

}  // namespace tablegate::loader
