// Whose a definition is. Domains, gateway instances, REST APIs, data sources and
// tables belong to the workspace that applied them first; only it changes or
// deletes them. Other workspaces use what is shared, which an operator decides.
// The catalog enforces the same by triggers (schema/catalog/functions.sql); here
// the problem is reported with its place in the file.
#pragma once

#include <string>

#include "catalog/apply/apply_context.hpp"

namespace tablegate::loader {

struct Owner {
  std::string workspace_id, workspace;
  bool shared = false;
};
// Of three columns of a row: the workspace's id and name, and whether it is shared.
Owner read_owner(const Rows& rows, int row, int column);

// Puts the definition's "shared" into its one form: a file that leaves it out keeps what is there, and
// what is the default is left out. Returns whether the object is to be shared. `before`: an owner from
// `column` on, or no row.
bool settle_shared(Definition& definition, const Rows& before, int column);

// An object as `table` of the catalog has it, with the key that tablegate.other_users() expects.
struct OwnedRow {
  const char* table;
  std::string id;  // empty: it is new
};
// False, with a problem, when the workspace may not change the object, or the user not what is shared.
bool may_change(ApplyContext& context, Definition& definition, const Rows& before, int column, bool shared,
                const OwnedRow& row);

// Throws Refused when another workspace owns what is to be deleted.
void require_own(const Workspace& workspace, const Owner& owner, const std::string& what);
// "table \"x\" belongs to workspace demo and is not shared", for what another workspace uses.
std::string not_shared(const std::string& what, const std::string& workspace);

// A data source that the workspace can use: its own of this name, or else the one that is shared.
struct FoundDataSource {
  std::string id, type, definition;
  std::string reason;  // why there is none: id is empty
};
FoundDataSource find_data_source(Database& catalog, const Workspace& workspace, const std::string& name);

}  // namespace tablegate::loader
