// Where many drafts stand, in few round trips: what `deploy` has to do for each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {

struct DraftState {
  std::string source;   // what it is compiled against
  bool loaded = false;  // its table has a current generation
  bool tested = false;  // this very draft has passed
  // Its latest version, where it equals that; 0: it does not.
  int version = 0;
  std::string status;
};

// One for each API, in their order.
std::vector<DraftState> read_draft_states(Database& catalog, const std::vector<ApiRow>& apis);

// The versions that a gateway serves (beside a canary: to most callers) of the APIs of a workspace, by id of
// the API.
std::map<std::string, int> published_versions(Database& catalog, const Workspace& workspace,
                                              const std::string& gateway);

// What drafts would break for callers of the latest version and of the one that is served (`served`: of
// published_versions()): a text for each API that breaks something.
std::vector<std::string> draft_breaks(Database& catalog, const std::vector<ApiRow>& apis,
                                      const std::vector<DraftState>& states,
                                      const std::map<std::string, int>& served);

// Throws Refused when a draft breaks callers of its latest version, naming all.
void refuse_draft_breaks(Database& catalog, const std::vector<ApiRow>& apis);

// The APIs of the workspace with these names, in this order; as find_apis(), by one query.
std::vector<ApiRow> find_apis_at_once(Database& catalog, const Workspace& workspace,
                                      const std::vector<std::string>& names);

}  // namespace tablegate::loader
