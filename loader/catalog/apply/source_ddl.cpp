#include "catalog/apply/source_ddl.hpp"

#include <fmt/format.h>

#include <string>

#include "base/json_text.hpp"

namespace tablegate::loader {
namespace {

// The DataSource as this apply defines it, or as the catalog has it; "" where there is none.
std::string find_source(Database& catalog, const Workspace& workspace,
                        const std::vector<Definition>& definitions, const std::string& name) {
  for (const Definition& definition : definitions) {
    if (definition.kind == Kind::data_source && definition.name == name)
      return json_text(definition.document);
  }
  const Rows rows = catalog.query(
      "SELECT definition::text FROM tablegate.data_source WHERE workspace_id = $1 AND name = $2",
      {workspace.id, name});
  return rows.empty() ? std::string() : rows.string(0, 0);
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
    JsonDocument& document = definition.document;
    if (definition.broken || definition.kind != Kind::table || json_find(document, "ddl") != nullptr ||
        json_find(document, "ddl_file") != nullptr)
      continue;
    const auto refuse = [&](const std::string& reason) {
      definition.broken = true;
      problems.add(definition.place, "", reason);
    };
    const std::string source_name = json_member(document, "data_source");
    if (refused_here(definitions, source_name)) {
      definition.broken = true;  // the problem with its source is reported already
      continue;
    }
    const std::string source = find_source(catalog, workspace, definitions, source_name);
    JsonDocument parsed;
    const bool known = !source.empty() && parse_json(source, parsed).empty();
    const std::string type = known ? json_member(parsed, "type") : "";
    if (type != "maxcompute" && type != "postgresql") {
      refuse(
          known ? "\"ddl\" or \"ddl_file\" is missing: a csv source has no column types"
                : fmt::format("there is no data source \"{}\" in workspace {}", source_name, workspace.name));
      continue;
    }
    try {
      const std::string table = json_member(document, "source_table", definition.name);
      const std::string ddl =
          read({type, source, table, json_member(document, "source_query"), definition.name});
      document.AddMember(
          "ddl",
          JsonValue(ddl.c_str(), static_cast<rapidjson::SizeType>(ddl.size()), document.GetAllocator()),
          document.GetAllocator());
    } catch (const Refused& refused) {
      refuse(fmt::format("its ddl is to be read from {}: {}",
                         type == "maxcompute" ? "MaxCompute" : "PostgreSQL", refused.what()));
    }
  }
}

}  // namespace tablegate::loader
