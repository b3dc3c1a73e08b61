#include "catalog/definition_list.hpp"

#include <fmt/format.h>

#include "catalog/near_object.hpp"
#include "model/gateway_definition.hpp"

namespace tablegate::loader {
namespace {

// name, definition, one more column where it is no part of the definition, and whose it is. Kinds of a
// workspace take its id as $1: they list its own and what is shared.
struct Listing {
  std::string sql;
  bool of_workspace;
};

// `more`: an expression over the table's row `o`.
Listing owned(const char* table, const char* more, bool of_workspace = false) {
  return {fmt::format("SELECT o.name, o.definition::text, {} AS more, w.name || CASE WHEN o.shared THEN ' "
                      "(shared)' ELSE '' END AS owner FROM tablegate.{} o JOIN tablegate.workspace w USING "
                      "(workspace_id){}",
                      more, table, of_workspace ? " WHERE o.workspace_id = $1 OR o.shared" : ""),
          of_workspace};
}

Listing of_workspace(const char* table, const char* condition) {
  return {fmt::format("SELECT name, definition::text, '' AS more, '' AS owner FROM tablegate.{} WHERE {}"
                      "workspace_id = $1",
                      table, condition),
          true};
}

Listing listing_of(Kind kind) {
  switch (kind) {
    case Kind::domain:
      return owned("domain", "''");
    case Kind::gateway_instance:
      return owned("gateway_instance", "o.publication::text");
    case Kind::rest_api:
      return owned("rest_api", "''");
    case Kind::data_source:
      return owned("data_source", "''", true);
    case Kind::business_process:
      return of_workspace("business_process", "");
    case Kind::table:
      return owned("mirror_table", "json_array_length(o.columns)::text", true);
    case Kind::api:
      return of_workspace("api", "deleted_at IS NULL AND ");
    case Kind::consumer:
      break;
  }
  throw SystemFailure("consumers have no definition in the catalog");
}

std::vector<std::string> listed_fields(Kind kind, const std::string& text, const std::string& what,
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
      return {"PROTOCOL", "WORKSPACE"};
    case Kind::gateway_instance:
      return {"ADDRESS", "PUBLICATION", "WORKSPACE"};
    case Kind::rest_api:
      return {"BASE PATH", "VERSION", "WORKSPACE"};
    case Kind::data_source:
      return {"TYPE", "WORKSPACE"};
    case Kind::business_process:
      return {"REST API"};
    case Kind::table:
      return {"DATA SOURCE", "COLUMNS", "WORKSPACE"};
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
  std::optional<Workspace> own;
  if (listing.of_workspace) parameters.emplace_back(own.emplace(find_workspace(catalog, workspace)).id);
  std::string sql = fmt::format("SELECT * FROM ({}) d", listing.sql);
  if (!name.empty()) {
    parameters.emplace_back(name);
    sql += fmt::format(" WHERE name = ${}", parameters.size());
  }
  const Rows rows = catalog.query(sql + " ORDER BY name COLLATE \"C\", definition", parameters);
  std::vector<ListedDefinition> list;
  for (int row = 0; row < rows.size(); ++row) {
    const std::string what = fmt::format("{} \"{}\"", kind_info(kind).label, rows.text(row, 0));
    std::vector<std::string> fields = listed_fields(kind, rows.string(row, 1), what, rows.string(row, 2));
    if (!rows.text(row, 3).empty()) fields.push_back(rows.string(row, 3));
    list.push_back({rows.string(row, 0), rows.string(row, 1), std::move(fields)});
  }
  if (list.empty() && !name.empty()) {
    const Workspace* const of = own && kind != Kind::table ? &*own : nullptr;
    throw Refused(missing_object(catalog, kind, name, of), Hint::command({"get", kind_info(kind).name}));
  }
  return list;
}

std::vector<DataSourceDefinition> refreshed_sources(Database& catalog, const Workspace& workspace,
                                                    const std::vector<std::string>& tables,
                                                    const std::vector<std::string>& sources) {
  const Rows rows = catalog.query(
      "SELECT DISTINCT d.name, d.definition::text FROM tablegate.data_source d JOIN tablegate.mirror_table t "
      "USING "
      "(data_source_id) WHERE t.refresh_schedule IS NOT NULL AND (t.name IN (SELECT "
      "json_array_elements_text($1::json)) OR (d.workspace_id = $3 AND d.name IN (SELECT "
      "json_array_elements_text($2::json)))) ORDER BY 1",
      {names_text(tables), names_text(sources), workspace.id});
  std::vector<DataSourceDefinition> found;
  found.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    found.push_back(read_data_source_definition(rows.string(row, 1),
                                                fmt::format("DataSource \"{}\"", rows.text(row, 0))));
  }
  return found;
}

}  // namespace tablegate::loader
