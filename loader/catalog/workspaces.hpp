// Workspaces. Each has a consumer of its own name from its first moment,
// authorised for all its APIs.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

// Inside a transaction. False: it is there already. Throws Refused where a consumer of this name is somebody
// else's.
bool create_workspace(Database& catalog, const std::string& name, bool approval);
// Whether its versions require approval. False: that is so already.
bool set_approval(Database& catalog, const std::string& name, bool approval);

struct WorkspaceState {
  std::string name;
  bool approval = false;
  long long apis = 0;
};
// By name.
std::vector<WorkspaceState> list_workspaces(Database& catalog);

}  // namespace tablegate::loader
