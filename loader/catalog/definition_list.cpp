#include "catalog/definition_list.hpp"

#include <fmt/format.h>

#include "model/gateway_definition.hpp"

namespace tablegate::loader {
namespace {

// name, definition and, where it is no part of the definition, one more column. Kinds of a workspace take its
// id as $1.
struct Listing {
  const char* sql;
  bool of_workspace;
};

Listing listing_of(Kind kind) {
  switch (kind) {
    case Kind::domain:
      return {"SELECT name, definition::text, '' AS more FROM tablegate.domain", false};
    case Kind::gateway_instance:
      return {"SELECT name, definition::text, publication::text AS more FROM tablegate.gateway_instance",
              false};
    case Kind::rest_api:
      return {"SELECT name, definition::text, '' AS more FROM tablegate.rest_api", false};
    case Kind::data_source:
      return {"SELECT name, definition::text, '' AS more FROM tablegate.data_source WHERE workspace_id = $1",
              true};
    case Kind::business_process:
      return {
          "SELECT name, definition::text, '' AS more FROM tablegate.business_process WHERE workspace_id = $1",
          true};
    case Kind::table:
      return {
          "SELECT t.name, t.definition::text, json_array_length(t.columns)::text AS more"
          " FROM tablegate.mirror_table t JOIN tablegate.data_source d USING (data_source_id)"
          " WHERE d.workspace_id = $1",
          true};
    case Kind::api:
      return {
          "SELECT name, definition::text, '' AS more FROM tablegate.api"
          " WHERE deleted_at IS NULL AND workspace_id = $1",
          true};
    case Kind::consumer:
      break;
  }
  throw SystemFailure("consumers have no definition in the catalog");
}

std::vector<std::string> fields_of(Kind kind, const std::string& text, const std::string& what,
                                   const std::string& more) {
  switch (kind) {
    case Kind::domain:
      return {read_domain_definition(text, what).protocol};
    case Kind::gateway_instance: {
      const std::string address = read_gateway_definition(text, what).address;
      return {address.empty() ? "-" : address, more};
    }
    case Kind::rest_api: {
      const RestApiDefinition rest_api = read_rest_api_definition(text, what);
      const Versioning& versioning = rest_api.versioning;
      return {rest_api.base_path,
              versioning.version.empty() ? "-" : versioning.version + " by " + versioning.scheme};
    }
    case Kind::data_source:
      return {read_data_source_definition(text, what).type};
    case Kind::business_process: {
      const BusinessProcessDefinition process = read_business_process_definition(text, what);
      const std::string& version = process.rest_api_version;
      return {process.rest_api + (version.empty() ? "" : " " + version)};
    }
    case Kind::table:
      return {read_table_definition(text, what).data_source, more};
    case Kind::api: {
      const ApiDefinition api = read_api_definition(text, what);
      return {api.business_process, api.method, api.path};
    }
    case Kind::consumer:
      break;
  }
  return {};
}

}  // namespace

std::vector<std::string> list_headings(Kind kind) {
  switch (kind) {
    case Kind::domain:
      return {"PROTOCOL"};
    case Kind::gateway_instance:
      return {"ADDRESS", "PUBLICATION"};
    case Kind::rest_api:
      return {"BASE PATH", "VERSION"};
    case Kind::data_source:
      return {"TYPE"};
    case Kind::business_process:
      return {"REST API"};
    case Kind::table:
      return {"DATA SOURCE", "COLUMNS"};
    case Kind::api:
      return {"BUSINESS PROCESS", "METHOD", "PATH"};
    case Kind::consumer:
      break;
  }
  return {};
}

std::vector<ListedDefinition> list_definitions(Database& catalog, const std::string& workspace, Kind kind,
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
  std::vector<ListedDefinition> list;
  for (int row = 0; row < rows.size(); ++row) {
    const std::string what = fmt::format("{} \"{}\"", kind_info(kind).label, rows.text(row, 0));
    list.push_back({rows.string(row, 0), rows.string(row, 1),
                    fields_of(kind, rows.string(row, 1), what, rows.string(row, 2))});
  }
  if (list.empty() && !name.empty()) {
    throw Refused(fmt::format("there is no {} \"{}\"", kind_info(kind).label, name),
                  Hint::command({"get", kind_info(kind).name}));
  }
  return list;
}

}  // namespace tablegate::loader
