#include "mirror/table_spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.hpp"
#include "base/refusal.hpp"
#include "model/definition_rules.hpp"

namespace tablegate::loader {
namespace {

JsonDocument parse_definition(std::string_view text, const std::string& what) {
  JsonDocument document;
  if (const std::string fault = parse_json(text, document); !fault.empty() || !document.IsObject()) {
    throw SystemFailure(fmt::format("{} is damaged in the catalog: {}", what, fault));
  }
  return document;
}

std::vector<std::string> names_of(const JsonValue& list) {
  std::vector<std::string> names;
  if (!list.IsArray()) return names;
  for (const auto& item : list.GetArray()) {
    if (item.IsString()) names.emplace_back(json_string(item));
  }
  return names;
}

// Generations are named `<table>__g<number>`: a table must not be named like one.
bool looks_like_generation(const std::string& name) {
  const size_t at = name.rfind("__g");
  return at != std::string::npos && at + 3 < name.size() &&
         name.find_first_not_of("0123456789", at + 3) == std::string::npos;
}

void check_names(const TableSpec& spec, const std::vector<std::string>& names, std::string_view what) {
  for (const std::string& name : names) {
    const bool known = std::any_of(spec.columns.begin(), spec.columns.end(),
                                   [&name](const TableColumn& column) { return column.name == name; });
    if (!known)
      throw Refused(
          fmt::format("Table \"{}\": {} names \"{}\", which is not a column", spec.name, what, name));
  }
}

void read_keys(const JsonValue& definition, TableSpec& spec) {
  if (const JsonValue* key = json_find(definition, "primary_key")) {
    spec.primary_key = names_of(*key);
  } else if (const std::string ddl = json_member(definition, "ddl"); !ddl.empty()) {
    spec.primary_key = parse_ddl(ddl).primary_key;
  }
  check_names(spec, spec.primary_key, "primary_key");
  for (TableColumn& column : spec.columns) {
    const auto& key = spec.primary_key;
    if (std::find(key.begin(), key.end(), column.name) != key.end()) column.not_null = true;
  }
  const JsonValue* indexes = json_find(definition, "indexes");
  if (indexes == nullptr || !indexes->IsArray()) return;
  for (const auto& index : indexes->GetArray()) {
    spec.indexes.push_back(names_of(index));
    check_names(spec, spec.indexes.back(), "indexes");
  }
}

}  // namespace

std::vector<std::string> TableSpec::column_names() const {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const TableColumn& column : columns) names.push_back(column.name);
  return names;
}

TableSpec read_table_spec(Database& catalog, const std::string& name) {
  const Rows rows = catalog.query(
      "SELECT t.definition, t.columns, s.name, s.type, s.definition FROM tablegate.mirror_table t"
      " JOIN tablegate.data_source s USING (data_source_id) WHERE t.name = $1",
      {name});
  if (rows.empty()) throw Refused(fmt::format("no Table \"{}\" is defined", name), "tablegate get tables");
  if (looks_like_generation(name)) {
    throw Refused(
        fmt::format("Table \"{}\": names that end in __g and a number are reserved for generations", name));
  }
  TableSpec spec;
  spec.name = name;
  const JsonDocument definition = parse_definition(rows.text(0, 0), fmt::format("Table \"{}\"", name));
  const JsonDocument source =
      parse_definition(rows.text(0, 4), fmt::format("DataSource \"{}\"", rows.text(0, 2)));
  spec.columns = read_columns(rows.string(0, 1));
  if (spec.columns.empty()) {
    throw Refused(fmt::format("Table \"{}\" has no columns: its definition requires a ddl", name),
                  "tablegate apply -f FILE");
  }
  spec.source_name = rows.string(0, 2);
  spec.source_type = rows.string(0, 3);
  spec.source_path = json_member(source, "path");
  spec.source_table = json_member(definition, "source_table", name);
  spec.source_query = json_member(definition, "source_query");
  spec.source_definition = rows.string(0, 4);
  spec.ddl = json_member(definition, "ddl");
  spec.time_zone =
      json_member(definition, "time_zone", spec.source_type == "maxcompute" ? "Asia/Shanghai" : "UTC");
  if (const JsonValue* const partition = json_find(definition, "partition")) {
    if (partition->IsString())
      spec.partitions.emplace_back(json_string(*partition));
    else
      spec.partitions = names_of(*partition);
  }
  spec.swap = json_member(definition, "swap", "rename");
  read_keys(definition, spec);
  return spec;
}

}  // namespace tablegate::loader
