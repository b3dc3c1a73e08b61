#include "catalog/apply/source_ddl.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "catalog/apply/ownership.hpp"
#include "model/definition_rules.hpp"

namespace tablegate::loader {
namespace {

// The DataSource as this apply defines it, or as the catalog has it. `reason`: why there is none.
std::optional<DataSourceDefinition> find_source(Database& catalog, const Workspace& workspace,
                                                const std::vector<Definition>& definitions,
                                                const std::string& name, std::string& reason) {
  for (const Definition& definition : definitions) {
    if (definition.kind == Kind::data_source && definition.name == name)
      return read_data_source_definition(definition.document);
  }
  FoundDataSource found = find_data_source(catalog, workspace, name);
  if (found.id.empty()) {
    reason = std::move(found.reason);
    return std::nullopt;
  }
  return read_data_source_definition(found.definition, fmt::format("data source \"{}\"", name));
}

bool refused_here(const std::vector<Definition>& definitions, const std::string& name) {
  for (const Definition& definition : definitions) {
    if (definition.kind == Kind::data_source && definition.name == name) return definition.broken;
  }
  return false;
}

}  // namespace

void fill_source_ddl(Database& catalog, const Workspace& workspace, std::vector<Definition>& definitions,
                     const SourceDdlReader& read, Problems& problems) {
  for (Definition& definition : definitions) {
    if (definition.broken || definition.kind != Kind::table) continue;
    const TableDefinition table = read_table_definition(definition.document);
    if (table.ddl || table.ddl_file) continue;
    const auto refuse = [&](const std::string& reason) {
      definition.broken = true;
      problems.add(definition.place, "", reason);
    };
    if (refused_here(definitions, table.data_source)) {
      definition.broken = true;  // what is wrong with its source is reported already
      continue;
    }
    std::string reason;
    const std::optional<DataSourceDefinition> source =
        find_source(catalog, workspace, definitions, table.data_source, reason);
    if (!source || (source->type != "maxcompute" && source->type != "postgresql")) {
      refuse(source ? "\"ddl\" or \"ddl_file\" is missing: a csv source has no column types" : reason);
      continue;
    }
    try {
      set_ddl(definition,
              read({*source, table.source_table, table.source_query.value_or(""), definition.name}));
    } catch (const Refused& refused) {
      refuse(fmt::format("its ddl is to be read from {}: {}",
                         source->type == "maxcompute" ? "MaxCompute" : "PostgreSQL", refused.what()));
    }
  }
}

}  // namespace tablegate::loader
