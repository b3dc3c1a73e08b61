#include "mirror/table_spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/near_name.hpp"
#include "base/refusal.hpp"
#include "catalog/near_object.hpp"

namespace tablegate::loader {
namespace {

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
      throw Refused(fmt::format("Table \"{}\": {} names \"{}\", which is not a column{}", spec.name, what,
                                name, did_you_mean(name, spec.column_names())));
  }
}

void read_keys(const TableDefinition& definition, TableSpec& spec) {
  if (definition.primary_key) {
    spec.primary_key = *definition.primary_key;
  } else if (!spec.ddl.empty()) {
    spec.primary_key = parse_ddl(spec.ddl).primary_key;
  }
  check_names(spec, spec.primary_key, "primary_key");
  for (TableColumn& column : spec.columns) {
    const auto& key = spec.primary_key;
    if (std::find(key.begin(), key.end(), column.name) != key.end()) column.not_null = true;
  }
  spec.indexes = definition.indexes;
  for (const std::vector<std::string>& index : spec.indexes) check_names(spec, index, "indexes");
}

}  // namespace

std::vector<std::string> TableSpec::column_names() const {
  return loader::column_names(columns);
}

TableSpec read_table_spec(Database& catalog, const std::string& name) {
  const Rows rows = catalog.query(
      "SELECT t.definition, t.columns, s.name, s.type, s.definition FROM tablegate.mirror_table t"
      " JOIN tablegate.data_source s USING (data_source_id) WHERE t.name = $1",
      {name});
  if (rows.empty())
    throw Refused(missing_object(catalog, Kind::table, name), Hint::command({"get", "tables"}));
  if (looks_like_generation(name)) {
    throw Refused(
        fmt::format("Table \"{}\": names that end in __g and a number are reserved for generations", name));
  }
  TableSpec spec;
  spec.name = name;
  const TableDefinition definition =
      read_table_definition(rows.string(0, 0), fmt::format("Table \"{}\"", name));
  spec.source =
      read_data_source_definition(rows.string(0, 4), fmt::format("DataSource \"{}\"", rows.text(0, 2)));
  spec.columns = read_columns(rows.string(0, 1));
  if (spec.columns.empty()) {
    throw Refused(fmt::format("Table \"{}\" has no columns: its definition requires a ddl", name),
                  Hint::command({"apply", "-f", "FILE"}));
  }
  spec.source_name = rows.string(0, 2);
  spec.source_type = rows.string(0, 3);
  spec.source_table = definition.source_table;
  spec.source_query = definition.source_query.value_or("");
  spec.ddl = definition.ddl.value_or("");
  spec.time_zone = definition.zone(spec.source_type);
  spec.partitions = definition.partitions;
  spec.swap = definition.swap;
  read_keys(definition, spec);
  return spec;
}

}  // namespace tablegate::loader
