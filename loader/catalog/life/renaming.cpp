#include "catalog/life/renaming.hpp"

#include <fmt/format.h>

#include "catalog/life/drafts.hpp"
#include "catalog/life/publications.hpp"
#include "catalog/row_lock.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {

bool rename_api(Database& catalog, const Workspace& workspace, const std::string& name,
                const std::string& new_name) {
  if (const std::string reason = bad_display_name(new_name); !reason.empty())
    throw Refused("an API's name " + reason, Hint());
  Transaction transaction(catalog);
  lock_catalog(catalog);
  const ApiRow api = find_apis(catalog, workspace, {name}, {}).front();
  if (name == new_name) return false;
  const Rows taken =
      catalog.query("SELECT FROM tablegate.api WHERE workspace_id = $1 AND name = $2 AND deleted_at IS NULL",
                    {workspace.id, new_name});
  if (!taken.empty())
    throw Refused(fmt::format("there is another API \"{}\"", new_name), Hint::command({"api", "list"}));
  catalog.query(
      "UPDATE tablegate.api SET name = $2, definition = $3, digest_name = coalesce(digest_name, name), "
      "updated_at = now() WHERE api_id = $1",
      {api.id, new_name, renamed_definition(api.definition, new_name)});
  notify_change(catalog, "");
  transaction.commit();
  return true;
}

}  // namespace tablegate::loader
