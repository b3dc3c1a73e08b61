#include "catalog/definition_list.hpp"

#include <fmt/format.h>

namespace tablegate::loader {
namespace {

// Headings, and a query for name, definition and the cells. Kinds of a workspace take its id as $1.
struct Listing {
  std::vector<std::string> headings;
  const char* sql;
  bool of_workspace;
};

Listing listing_of(Kind kind) {
  switch (kind) {
    case Kind::domain:
      return {
          {"PROTOCOL"},
          "SELECT name, definition::text, coalesce(definition ->> 'protocol', 'HTTP') FROM tablegate.domain",
          false};
    case Kind::gateway_instance:
      return {{"ADDRESS", "PUBLICATION"},
              "SELECT name, definition::text, coalesce(definition ->> 'address', '-'), publication::text "
              "FROM tablegate.gateway_instance",
              false};
    case Kind::rest_api:
      return {{"BASE PATH", "VERSION"},
              "SELECT name, definition::text, base_path, coalesce(nullif(version, '') || ' by ' ||"
              " (definition #>> '{versioning,scheme}'), '-') FROM tablegate.rest_api",
              false};
    case Kind::data_source:
      return {{"TYPE"},
              "SELECT name, definition::text, type FROM tablegate.data_source WHERE workspace_id = $1",
              true};
    case Kind::business_process:
      return {{"REST API"},
              "SELECT name, definition::text, concat_ws(' ', definition ->> 'rest_api', definition ->> "
              "'rest_api_version') FROM tablegate.business_process "
              "WHERE workspace_id = $1",
              true};
    case Kind::table:
      return {{"DATA SOURCE", "COLUMNS"},
              "SELECT name, definition::text, definition ->> 'data_source', json_array_length(columns)::text "
              "FROM tablegate.mirror_table"
              " WHERE data_source_id IN (SELECT data_source_id FROM tablegate.data_source WHERE workspace_id "
              "= $1)",
              true};
    case Kind::api:
      return {{"BUSINESS PROCESS", "METHOD", "PATH"},
              "SELECT name, definition::text, definition ->> 'business_process', coalesce(definition ->> "
              "'method', 'GET'),"
              " definition ->> 'path' FROM tablegate.api WHERE deleted_at IS NULL AND workspace_id = $1",
              true};
    case Kind::consumer:
      break;  // has no stored definition
  }
  throw SystemFailure("unknown kind");
}

}  // namespace

DefinitionList list_definitions(Database& catalog, const std::string& workspace, Kind kind,
                                const std::string& name) {
  const Listing listing = listing_of(kind);
  std::vector<Parameter> parameters;
  if (listing.of_workspace) parameters.emplace_back(find_workspace(catalog, workspace).id);
  std::string sql = fmt::format("SELECT * FROM ({}) d", listing.sql);
  if (!name.empty()) {
    parameters.emplace_back(name);
    sql += fmt::format(" WHERE name = ${}", parameters.size());
  }
  const Rows rows = catalog.query(sql + " ORDER BY name COLLATE \"C\", definition", parameters);
  if (!name.empty() && rows.empty()) {
    throw Refused(fmt::format("there is no {} \"{}\"", kind_info(kind).label, name),
                  fmt::format("tablegate get {}", kind_info(kind).name));
  }
  DefinitionList list;
  list.headings = listing.headings;
  for (int row = 0; row < rows.size(); ++row) {
    DefinitionList::Item item{rows.string(row, 0), rows.string(row, 1), {}};
    for (size_t column = 0; column < listing.headings.size(); ++column)
      item.cells.push_back(rows.string(row, static_cast<int>(column) + 2));
    list.items.push_back(std::move(item));
  }
  return list;
}

}  // namespace tablegate::loader
