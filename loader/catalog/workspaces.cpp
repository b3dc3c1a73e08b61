#include "catalog/workspaces.hpp"

#include <fmt/format.h>

#include "base/near_name.hpp"
#include "catalog/lookup.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {

bool create_workspace(Database& catalog, const std::string& name, bool approval) {
  if (const std::string reason = bad_plain_name(name); !reason.empty())
    throw Refused("workspace name: " + reason);
  const Rows made = catalog.query(
      "INSERT INTO tablegate.workspace (name, approval) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING "
      "RETURNING "
      "workspace_id",
      {name, approval ? "true" : "false"});
  if (made.empty()) return false;
  try {
    catalog.query("INSERT INTO tablegate.consumer (name, workspace_id) VALUES ($1, $2)",
                  {name, made.string(0, 0)});
  } catch (const DatabaseError& error) {
    if (error.sqlstate != "23505") throw;
    throw Refused(
        fmt::format("workspace {} requires a consumer of its name, but another consumer has this name", name),
        Hint::command({"consumer", "show", name}));
  }
  return true;
}

std::string require_workspace(Database& catalog, const std::string& name) {
  const Rows rows = catalog.query("SELECT name, workspace_id FROM tablegate.workspace ORDER BY name");
  for (int row = 0; row < rows.size(); ++row)
    if (rows.text(row, 0) == name) return rows.string(row, 1);
  throw Refused(fmt::format("there is no workspace \"{}\"{}", name, did_you_mean(name, first_column(rows))),
                Hint::command({"workspace", "list"}));
}

bool set_approval(Database& catalog, const std::string& name, bool approval) {
  const std::string value = approval ? "true" : "false";
  // Looked at first: who changes nothing needs no right to.
  if (catalog.query("SELECT FROM tablegate.workspace WHERE name = $1 AND approval <> $2", {name, value})
          .empty())
    return false;
  catalog.query("UPDATE tablegate.workspace SET approval = $2 WHERE name = $1", {name, value});
  return true;
}

bool set_members(Database& catalog, const std::string& name, const std::string& role) {
  if (!role.empty() && catalog.query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", {role}).empty())
    throw Refused(fmt::format("there is no role {}", role),
                  Hint::program("psql -c " + shell_word(fmt::format("CREATE ROLE \"{}\"", role))));
  return catalog
             .query(
                 "UPDATE tablegate.workspace SET members = nullif($2, '')::name WHERE name = $1 AND members "
                 "IS "
                 "DISTINCT FROM nullif($2, '')::name",
                 {name, role})
             .affected() != 0;
}

void delete_workspace(Database& catalog, const std::string& name) {
  Transaction transaction(catalog);
  const std::string workspace = require_workspace(catalog, name);
  const Rows left = catalog.query(
      "SELECT what, name FROM (SELECT 'REST API' AS what, name, workspace_id FROM tablegate.rest_api"
      " UNION ALL SELECT 'domain', name, workspace_id FROM tablegate.domain"
      " UNION ALL SELECT 'gateway instance', name, workspace_id FROM tablegate.gateway_instance"
      " UNION ALL SELECT 'data source', name, workspace_id FROM tablegate.data_source"
      " UNION ALL SELECT 'business process', name, workspace_id FROM tablegate.business_process"
      " UNION ALL SELECT 'table', name, workspace_id FROM tablegate.mirror_table"
      " UNION ALL SELECT CASE WHEN deleted_at IS NULL THEN 'API' ELSE 'versions of the deleted API' END, "
      "name,"
      " workspace_id FROM tablegate.api"
      " UNION ALL SELECT 'API key', key_id, c.workspace_id FROM tablegate.api_key JOIN tablegate.consumer c "
      "USING "
      "(consumer_id)"
      " UNION ALL SELECT 'HMAC key', key_id, c.workspace_id FROM tablegate.hmac_key JOIN tablegate.consumer "
      "c "
      "USING (consumer_id)"
      " UNION ALL SELECT 'JWT setting of consumer', c.name, c.workspace_id FROM tablegate.jwt_setting JOIN "
      "tablegate.consumer c USING (consumer_id)) l WHERE workspace_id = $1 LIMIT 1",
      {workspace});
  if (!left.empty()) {
    throw Refused(
        fmt::format("workspace {} is not empty: it has {} \"{}\"", name, left.text(0, 0), left.text(0, 1)),
        Hint::command({"export", "-", "--workspace", name}));
  }
  catalog.query(
      "SELECT FROM tablegate.delete_as_operator('consumer', "
      "json_build_array(json_build_object('workspace_id', $1::text)))",
      {workspace});
  catalog.query(
      "SELECT FROM tablegate.delete_as_operator('workspace', "
      "json_build_array(json_build_object('workspace_id', $1::text)))",
      {workspace});
  transaction.commit();
}

std::vector<WorkspaceState> list_workspaces(Database& catalog) {
  const Rows rows = catalog.query(
      "SELECT w.name, w.approval, coalesce(w.members, ''), (SELECT count(*) FROM tablegate.api a WHERE "
      "a.workspace_id = "
      "w.workspace_id AND a.deleted_at IS NULL)"
      " FROM tablegate.workspace w ORDER BY w.name COLLATE \"C\"");
  std::vector<WorkspaceState> workspaces;
  workspaces.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row)
    workspaces.push_back(
        {rows.string(row, 0), rows.boolean(row, 1), rows.string(row, 2), rows.integer(row, 3)});
  return workspaces;
}

std::vector<std::string> list_owners(Database& catalog) {
  return first_column(catalog.query(
      "SELECT format('%s \"%s\" belongs to workspace %s%s', o.what, o.name, w.name, CASE WHEN o.shared THEN"
      " coalesce(' and is shared: used by workspace ' || (SELECT string_agg(u, ', ') FROM "
      "tablegate.other_users(o.kind, o.id) u), ' and is shared') ELSE '' END)"
      " FROM (SELECT 1 AS place, 'REST API' AS what, 'rest_api' AS kind, rest_api_id::text AS id,"
      " concat_ws(' ', name, nullif(version, '')) AS name, workspace_id, shared FROM tablegate.rest_api"
      " UNION ALL SELECT 2, 'domain', 'domain', name, name, workspace_id, shared FROM tablegate.domain"
      " UNION ALL SELECT 3, 'gateway instance', '', name, name, workspace_id, shared FROM "
      "tablegate.gateway_instance"
      " UNION ALL SELECT 4, 'table', 'mirror_table', name, name, workspace_id, shared FROM "
      "tablegate.mirror_table) o"
      " JOIN tablegate.workspace w USING (workspace_id) ORDER BY o.place, o.name COLLATE \"C\""));
}

}  // namespace tablegate::loader
