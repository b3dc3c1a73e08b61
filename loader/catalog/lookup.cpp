#include "catalog/lookup.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "base/near_name.hpp"
#include "base/sql_array.hpp"
#include "catalog/near_object.hpp"
#include "catalog/nodes.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kApiQuery =
    "SELECT a.api_id, a.name, w.name, b.name, r.name, r.rest_api_id, r.url_base, "
    "array_to_json(a.table_names)::text, "
    "a.definition::text, r.version_in, r.version_name, r.version, "
    "coalesce(a.digest_name, a.name), a.script_tables IS NOT NULL"
    " FROM tablegate.api a JOIN tablegate.workspace w USING (workspace_id)"
    " JOIN tablegate.business_process b USING (business_process_id) JOIN tablegate.rest_api r USING "
    "(rest_api_id)"
    " WHERE a.deleted_at IS NULL AND a.workspace_id = $1";

ApiRow api_row(const Rows& rows, int row) {
  return {rows.string(row, 0),  rows.string(row, 1),
          rows.string(row, 2),  rows.string(row, 3),
          rows.string(row, 4),  rows.string(row, 5),
          rows.string(row, 6),  read_names(rows.string(row, 7)),
          rows.string(row, 8),  read_version_key(rows, row, 9),
          rows.string(row, 12), rows.boolean(row, 13)};
}

}  // namespace

std::string id_array(const std::vector<ApiRow>& apis) {
  SqlArray ids;
  for (const ApiRow& api : apis) ids.add(api.id);
  return ids.take();
}

core::VersionKey read_version_key(const Rows& rows, int row, int column) {
  core::VersionKey key;
  if (rows.null(row, column)) return key;
  key.in = rows.text(row, column) == "header" ? core::VersionKey::In::header : core::VersionKey::In::query;
  key.name = rows.string(row, column + 1);
  key.value = rows.string(row, column + 2);
  return key;
}

std::string find_rest_api(Database& catalog, const std::string& name, const std::string& version) {
  const Rows rows = catalog.query(
      "SELECT version, rest_api_id FROM tablegate.rest_api WHERE name = $1 ORDER BY version", {name});
  for (int i = 0; i < rows.size(); ++i) {
    if (version.empty() ? rows.size() == 1 : rows.text(i, 0) == version) return rows.string(i, 1);
  }
  if (rows.empty())
    throw Refused(missing_object(catalog, Kind::rest_api, name), Hint::command({"get", "restapis"}));
  throw Refused(version.empty() ? fmt::format("REST API \"{}\" has several versions: {}", name,
                                              name_list(first_column(rows)))
                                : fmt::format("REST API \"{}\" has no version \"{}\" (there is {})", name,
                                              version, name_list(first_column(rows))),
                Hint::command({"get", "restapi", name}));
}

std::string join_path(const std::string& base_path, const std::string& path) {
  return base_path == "/" ? path : base_path + path;
}

std::vector<std::string> first_column(const Rows& rows) {
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) names.push_back(rows.string(i, 0));
  return names;
}

std::string name_list(const std::vector<std::string>& names) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    list += i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
    list += '"' + names[i] + '"';
  }
  return list.empty() ? "none" : list;
}

namespace {

// `wanted` is none of the names: the nearest is proposed, or the only one.
[[noreturn]] void refuse_name(const char* what, const char* option, const std::string& wanted,
                              const std::vector<std::string>& names) {
  std::string meant = nearest_name(wanted, names);
  if (meant.empty()) meant = names.size() == 1 ? names.front() : "NAME";
  throw Refused(fmt::format("there is no {} \"{}\" (there is {})", what, wanted, name_list(names)),
                Hint::again().set(option, meant));
}

}  // namespace

Workspace find_workspace(Database& catalog, const std::string& wanted) {
  const Rows rows = catalog.query("SELECT name, workspace_id FROM tablegate.workspace ORDER BY name");
  for (int i = 0; i < rows.size(); ++i) {
    if (wanted.empty() ? rows.size() == 1 : rows.text(i, 0) == wanted)
      return {rows.string(i, 1), rows.string(i, 0)};
  }
  if (rows.empty())
    throw Refused("the catalog has no workspace", Hint::command({"workspace", "create", "NAME"}));
  if (wanted.empty()) {
    throw Refused("there are several workspaces: " + name_list(first_column(rows)),
                  Hint::again().set("--workspace", "NAME"));
  }
  refuse_name("workspace", "--workspace", wanted, first_column(rows));
}

std::string find_gateway(Database& catalog, const std::string& wanted) {
  const std::vector<std::string> names = gateway_names(catalog);
  for (const std::string& name : names) {
    if (wanted.empty() ? names.size() == 1 : name == wanted) return name;
  }
  if (names.empty()) {
    throw Refused(
        "the catalog has no gateway instance: apply a definition such as {\"kind\": \"GatewayInstance\", "
        "\"name\": \"gateway1\"}",
        Hint::command({"apply", "-f", "FILE"}));
  }
  if (wanted.empty()) {
    throw Refused("there are several gateway instances: " + name_list(names),
                  Hint::again().set("--gateway", "NAME"));
  }
  refuse_name("gateway instance", "--gateway", wanted, names);
}

bool has_business_process(Database& catalog, const Workspace& workspace, const std::string& name) {
  return !catalog
              .query("SELECT FROM tablegate.business_process WHERE workspace_id = $1 AND name = $2",
                     {workspace.id, name})
              .empty();
}

std::map<std::string, TableInfo> find_tables(Database& catalog, const std::vector<std::string>& names) {
  std::map<std::string, TableInfo> tables;
  const Rows rows = catalog.query(
      "SELECT name, columns::text, primary_key::text, time_zone FROM tablegate.mirror_table WHERE name = ANY "
      "($1::text[])",
      {sql_array(names)});
  for (int i = 0; i < rows.size(); ++i) {
    TableInfo& table = tables[rows.string(i, 0)];
    table.name = rows.string(i, 0);
    table.columns = read_columns(rows.string(i, 1));
    table.primary_key = read_names(rows.string(i, 2));
    table.time_zone = rows.string(i, 3);
  }
  return tables;
}

std::string data_source_of(Database& catalog, const std::vector<std::string>& tables) {
  const Rows rows = catalog.query(
      "SELECT d.name FROM tablegate.mirror_table t JOIN tablegate.data_source d USING (data_source_id) WHERE "
      "t.name = ANY ($1::text[]) ORDER BY array_position($1::text[], t.name::text) LIMIT 1",
      {sql_array(tables)});
  return rows.size() == 0 ? std::string() : rows.string(0, 0);
}

std::optional<TableInfo> find_table(Database& catalog, const std::string& name) {
  std::map<std::string, TableInfo> tables = find_tables(catalog, {name});
  return tables.empty() ? std::nullopt : std::optional(std::move(tables.begin()->second));
}

namespace {

std::vector<ApiRow> find_named_apis(Database& catalog, const Workspace& workspace,
                                    const std::vector<std::string>& names) {
  std::map<std::string, ApiRow> by_name;
  const Rows rows = catalog.query(std::string(kApiQuery) + " AND a.name = ANY ($2::text[])",
                                  {workspace.id, sql_array(names)});
  for (int i = 0; i < rows.size(); ++i) by_name.emplace(rows.string(i, 1), api_row(rows, i));
  std::vector<ApiRow> apis;
  std::set<std::string> taken;
  for (const std::string& name : names) {
    if (!taken.insert(name).second) continue;
    const auto found = by_name.find(name);
    if (found == by_name.end())
      throw Refused(missing_object(catalog, Kind::api, name, &workspace), Hint::command({"api", "list"}));
    apis.push_back(found->second);
  }
  return apis;
}

}  // namespace

std::vector<ApiRow> find_apis(Database& catalog, const Workspace& workspace,
                              const std::vector<std::string>& names, const std::string& business_process) {
  if (!names.empty()) return find_named_apis(catalog, workspace, names);
  std::vector<ApiRow> apis;
  const std::string order = " ORDER BY a.name COLLATE \"C\"";
  const Rows rows = business_process.empty()
                        ? catalog.query(kApiQuery + order, {workspace.id})
                        : catalog.query(std::string(kApiQuery) + " AND b.name = $2" + order,
                                        {workspace.id, business_process});
  apis.reserve(static_cast<size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) apis.push_back(api_row(rows, i));
  if (apis.empty() && !business_process.empty()) {
    if (!has_business_process(catalog, workspace, business_process))
      throw Refused(missing_object(catalog, Kind::business_process, business_process, &workspace),
                    Hint::command({"get", "businessprocesses"}));
    throw Refused(fmt::format("there is no API in business process \"{}\" of workspace {}", business_process,
                              workspace.name),
                  Hint::command({"api", "list"}));
  }
  return apis;
}

}  // namespace tablegate::loader
