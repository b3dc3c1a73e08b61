// `tablegate explain [KIND[.FIELD...]]`: what the schemas of the definitions say, as
// they are built into the program. `tablegate version` too: neither needs a catalog.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "base/near_name.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"
#include "model/definition_schema.hpp"
#include "model/schema_fields.hpp"

namespace tablegate::loader {
namespace {

std::string value_text(const JsonValue& value) {
  return value.IsString() ? std::string(json_string(value)) : json_text(value);
}

std::string type_text(const JsonValue& schema, bool several = false);

std::string type_text(const JsonValue& schema, const std::string& name, bool several) {
  const JsonValue* const items = json_find(schema, "items");
  if (name != "array" || items == nullptr) return name + (several ? "s" : "");
  return (several ? "lists of " : "list of ") + type_text(*items, true);
}

// "string", "list of objects", "string or list of strings", "GET or POST".
std::string type_text(const JsonValue& schema, bool several) {
  if (const JsonValue* const choices = json_find(schema, "enum"))
    return fmt::format("{}", fmt::join(choice_texts(choices), choices->Size() == 2 ? " or " : ", "));
  const JsonValue* const type = json_find(schema, "type");
  if (type == nullptr) return "any value";
  if (type->IsString()) return type_text(schema, value_text(*type), several);
  std::vector<std::string> names;
  for (const std::string& name : choice_texts(type)) names.push_back(type_text(schema, name, several));
  return fmt::format("{}", fmt::join(names, " or "));
}

std::string default_text(const JsonValue& schema) {
  const JsonValue* const value = json_find(schema, "default");
  return value == nullptr ? json_member(schema, "x-default") : value_text(*value);
}

// Everything that a value must keep, apart from its type: "1 to 90000", "at most 5 items".
std::vector<std::string> rules_of(const JsonValue& schema) {
  std::vector<std::string> rules;
  const auto number = [&](const char* name) {
    const JsonValue* const value = json_find(schema, name);
    return value == nullptr ? std::string() : json_text(*value);
  };
  const auto add_limits = [&](const std::string& least, const std::string& most, const std::string& what) {
    if (!least.empty() && !most.empty()) return rules.push_back(least + " to " + most + what);
    if (!least.empty()) rules.push_back("at least " + least + what);
    if (!most.empty()) rules.push_back("at most " + most + what);
  };
  add_limits(number("minimum"), number("maximum"), "");
  add_limits(number("minItems"), number("maxItems"), " items");
  add_limits(number("minLength"), number("maxLength"), " characters");
  if (const std::string pattern = json_member(schema, "pattern"); !pattern.empty())
    rules.push_back("matches " + pattern);
  if (const JsonValue* const unique = json_find(schema, "uniqueItems"); unique != nullptr && unique->IsTrue())
    rules.push_back("no item twice");
  return rules;
}

// What `KIND[.FIELD...]` names: its schema and, unless it is a kind, whether it is required.
struct Explained {
  std::string path;
  const JsonValue* schema = nullptr;
  std::optional<bool> required;
};

// One step down; throws WrongUsage.
void step_into(Explained& at, const std::string& name, const std::string& typed) {
  const std::vector<SchemaField> fields = fields_of(*at.schema);
  for (const SchemaField& field : fields) {
    if (field.name != name) continue;
    at = {at.path + "." + name, field.schema, field.required};
    return;
  }
  if (fields.empty())
    throw WrongUsage(fmt::format("{} has no fields", at.path), Hint::again().replace(typed, at.path));
  const std::vector<std::string> names = field_names(*at.schema);
  const std::string near = nearest_name(name, names);
  throw WrongUsage(fmt::format("{} has no field \"{}\"{}", at.path, name, did_you_mean(name, names)),
                   Hint::again().replace(typed, at.path + (near.empty() ? "" : "." + near)));
}

Explained find_explained(const std::string& typed) {
  const size_t dot = std::min(typed.find('.'), typed.size());
  Kind kind{};
  try {
    kind = read_kind(typed.substr(0, dot));
  } catch (const WrongUsage& unknown) {  // its hint replaces the whole word
    const auto& near = unknown.next().replaced();
    throw WrongUsage(unknown.what(),
                     near.empty() ? Hint::command({"explain"})
                                  : Hint::again().replace(typed, near.front().second + typed.substr(dot)));
  }
  Explained at{std::string(kind_info(kind).name), &schema_text(kind), std::nullopt};
  for (size_t from = dot + 1; from <= typed.size();) {
    const size_t end = std::min(typed.find('.', from), typed.size());
    std::string name = typed.substr(from, end - from);
    if (name.size() > 2 && name.compare(name.size() - 2, 2, "[]") == 0) name.resize(name.size() - 2);
    step_into(at, name, typed);
    from = end + 1;
  }
  return at;
}

void write_values(JsonOutput& json, const char* name, const JsonValue* value) {
  if (value != nullptr) json.key(name).tree(*value);
}

// The members of a field; those of its schema keep the names of JSON Schema.
void write_field(JsonOutput& json, const std::string& name, const JsonValue& schema,
                 std::optional<bool> required) {
  json.begin_object().key("name").text(name).key("description").text(json_member(schema, "description"));
  json.key("type").text(type_text(schema));
  if (required) json.key("required").boolean(*required);
  for (const char* const rule : {"default", "enum", "minimum", "maximum", "minItems", "maxItems", "minLength",
                                 "maxLength", "pattern", "uniqueItems"})
    write_values(json, rule, json_find(schema, rule));
  if (const std::string text = json_member(schema, "x-default"); !text.empty())
    json.key("default_text").text(text);
  write_values(json, "not_supported_yet", json_find(schema, "x-later"));
  if (const std::vector<SchemaField> fields = fields_of(schema); !fields.empty()) {
    json.key("fields").begin_array();
    for (const SchemaField& field : fields) write_field(json, field.name, *field.schema, field.required);
    json.end_array();
  }
  json.end_object();
}

// "string, required", "integer, 1 to 90000, default: 3000".
std::string summary(const JsonValue& schema, std::optional<bool> required) {
  std::vector<std::string> parts = {type_text(schema)};
  for (const std::string& rule : rules_of(schema)) parts.push_back(rule);
  if (required.value_or(false)) parts.emplace_back("required");
  if (const std::string text = default_text(schema); !text.empty()) parts.push_back("default: " + text);
  return fmt::format("{}", fmt::join(parts, ", "));
}

void print_explained(const Explained& at) {
  print_line(at.path + ": " + json_member(*at.schema, "description"));
  if (at.required) print_line("  " + summary(*at.schema, at.required));
  const JsonValue* const items = json_find(*at.schema, "items");
  const JsonValue* later = json_find(*at.schema, "x-later");
  if (later == nullptr && items != nullptr) later = json_find(*items, "x-later");
  if (later != nullptr)
    print_line(fmt::format("  not supported yet: {}", fmt::join(choice_texts(later), ", ")));
  const std::vector<SchemaField> fields = fields_of(*at.schema);
  if (fields.empty()) return;
  print_line("\nFields:");
  for (const SchemaField& field : fields) {
    print_line(fmt::format("  {}: {}", field.name, summary(*field.schema, field.required)));
    print_line("      " + json_member(*field.schema, "description"));
    if (!fields_of(*field.schema).empty())
      print_line(fmt::format("      Fields of it: tablegate explain {}.{}", at.path, field.name));
  }
}

void list_kinds(const Settings& settings) {
  if (settings.json) {
    JsonOutput json;
    json.begin_array();
    for (const KindInfo& info : kinds()) {
      json.begin_object().key("name").text(info.name);
      json.key("description").text(json_member(schema_text(info.kind), "description")).end_object();
    }
    return json.end_array().print();
  }
  std::vector<std::vector<std::string>> table = {{"KIND", "MEANING"}};
  for (const KindInfo& info : kinds())
    table.push_back({std::string(info.name), json_member(schema_text(info.kind), "description")});
  print_table(table);
}

void explain(const Settings& settings, const std::string& typed) {
  if (typed.empty()) return list_kinds(settings);
  const Explained at = find_explained(typed);
  if (!settings.json) return print_explained(at);
  JsonOutput json;
  write_field(json, at.path, *at.schema, at.required);
  json.print();
}

}  // namespace

void add_explain(Verb& app, Settings& settings) {
  Verb* const verb = app.add_subcommand("explain", "Show the fields of definitions: types, defaults, rules");
  const auto typed = std::make_shared<std::string>();
  verb->add_option("WHAT", *typed, "a kind, or a field with dots (default: list the kinds)")
      ->type_name("KIND[.FIELD[.FIELD]]");
  verb->footer(
      "Examples:\n  tablegate explain\n  tablegate explain Api\n  tablegate explain "
      "Api.request_parameters.in\n  tablegate explain Table -o json");
  verb->callback([&settings, typed] { explain(settings, *typed); });
}

void add_version(Verb& app, Settings& settings) {
  Verb* const verb = app.add_subcommand("version", "Print the version, as --version does");
  verb->footer("Examples:\n  tablegate version\n  tablegate version -o json");
  verb->callback([&settings] {
    if (!settings.json) return print_line(std::string("tablegate ") + kVersion);
    JsonOutput json;
    json.begin_object().key("version").text(kVersion).end_object().print();
  });
}

}  // namespace tablegate::loader
