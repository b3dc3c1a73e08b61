// Workspaces. Each has a consumer of its own name from its first moment,
// authorized for all its APIs. What belongs to one is changed by all developers,
// or only by the members of the role that it names.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

// Inside a transaction. False: it is there already. Throws Refused where a consumer of this name is somebody
// else's.
bool create_workspace(Database& catalog, const std::string& name, bool approval);
// The id of a workspace that a command works on; throws Refused where there is none of this name.
std::string require_workspace(Database& catalog, const std::string& name);
// Whether its versions require approval. False: that is so already.
bool set_approval(Database& catalog, const std::string& name, bool approval);

// The role whose members change what belongs to it; empty: every developer. False: it is so already. Throws
// Refused where there is no such role.
bool set_members(Database& catalog, const std::string& name, const std::string& role);
// With its consumer. Throws Refused, with what is left in it, unless it is empty.
void delete_workspace(Database& catalog, const std::string& name);

struct WorkspaceState {
  std::string name;
  bool approval = false;
  std::string members;  // a role, or empty
  long long apis = 0;
};
// By name.
std::vector<WorkspaceState> list_workspaces(Database& catalog);

// What belongs to a workspace and is not named in a definition as such: "REST API \"x\" belongs to workspace
// demo", with whom it is shared. By kind and name.
std::vector<std::string> list_owners(Database& catalog);

}  // namespace tablegate::loader
