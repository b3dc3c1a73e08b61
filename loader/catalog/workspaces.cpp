#include "catalog/workspaces.hpp"

#include <fmt/format.h>

#include "catalog/name_rules.hpp"

namespace tablegate::loader {

bool create_workspace(Database& catalog, const std::string& name) {
  if (const std::string reason = bad_plain_name(name); !reason.empty())
    throw Refused("workspace name: " + reason);
  const Rows made = catalog.query(
      "INSERT INTO tablegate.workspace (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING "
      "workspace_id",
      {name});
  if (made.empty()) return false;
  try {
    catalog.query("INSERT INTO tablegate.consumer (name, workspace_id) VALUES ($1, $2)",
                  {name, made.string(0, 0)});
  } catch (const DatabaseError& error) {
    if (error.sqlstate != "23505") throw;
    throw Refused(fmt::format("workspace {} wants a consumer of its name, and there is another one", name),
                  "tablegate consumer show " + name);
  }
  return true;
}

}  // namespace tablegate::loader
