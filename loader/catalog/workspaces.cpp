#include "catalog/workspaces.hpp"

#include <fmt/format.h>

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

bool set_approval(Database& catalog, const std::string& name, bool approval) {
  const std::string value = approval ? "true" : "false";
  // Looked at first: who changes nothing needs no right to.
  if (catalog.query("SELECT FROM tablegate.workspace WHERE name = $1 AND approval <> $2", {name, value})
          .empty())
    return false;
  catalog.query("UPDATE tablegate.workspace SET approval = $2 WHERE name = $1", {name, value});
  return true;
}

std::vector<WorkspaceState> list_workspaces(Database& catalog) {
  const Rows rows = catalog.query(
      "SELECT w.name, w.approval, (SELECT count(*) FROM tablegate.api a WHERE a.workspace_id = "
      "w.workspace_id AND a.deleted_at IS NULL)"
      " FROM tablegate.workspace w ORDER BY w.name COLLATE \"C\"");
  std::vector<WorkspaceState> workspaces;
  workspaces.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row)
    workspaces.push_back({rows.string(row, 0), rows.boolean(row, 1), rows.integer(row, 2)});
  return workspaces;
}

}  // namespace tablegate::loader
