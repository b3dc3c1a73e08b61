// The state of many drafts, by a fixed number of queries: what `deploy` has to do
// for each, and what `api list` shows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "compile/plan_gate.hpp"

namespace tablegate::loader {

struct DraftState {
  ApiSource against;                  // what it is compiled against
  std::vector<std::string> unloaded;  // its tables without a current generation
  bool tested = false;                // this very draft has passed
  int latest = 0;                     // its latest version; 0: none was committed
  std::string status;                 // of that version
  bool changed = true;                // the draft is not what was committed as that version

  // The version that the draft equals, or 0.
  int version() const { return changed ? 0 : latest; }
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

// What drafts that are not committed would have PostgreSQL do, asked for before a commit locks the catalog:
// the gate answers the commit from memory. Throws Refused when calls read a whole large table, naming all,
// unless `allow_scan`.
void check_plans(const std::vector<DraftState>& states, const std::vector<ApiRow>& apis, PlanGate& gate,
                 bool allow_scan);

// Throws Refused when a draft breaks callers of its latest version, naming all.
void refuse_draft_breaks(Database& catalog, const std::vector<ApiRow>& apis);

}  // namespace tablegate::loader
