// The life of a draft: tested, then committed as version N. A test counts for
// exactly the bytes it ran with: the definition and the columns of its table. A
// version never changes (the catalog's triggers see to it as well).
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "compile/api_tester.hpp"
#include "compile/plan_gate.hpp"
#include "model/api_source.hpp"

namespace tablegate::loader {

struct Draft {
  ApiSource against;                  // what it is compiled against
  std::string digest;                 // of what it is; see draft_digest()
  std::vector<std::string> unloaded;  // its tables without a current generation
  bool tested = false;                // a test of this digest passed
};
Draft find_draft(Database& catalog, const ApiRow& api);

// The draft as the manifest's writer takes it.
ApiEntry draft_entry(const ApiRow& api, const Draft& draft);

// Runs the draft and records the outcome. Refused before the table's first load.
TestOutcome test_draft(Database& catalog, const ApiRow& api,
                       const std::vector<std::pair<std::string, std::string>>& parameters, ApiTester& tester);

struct Version {
  int version = 0;
  std::string status;
  bool unchanged = false;                  // the draft equals the latest version
  std::vector<std::string> notes = {};     // of commit_breaks()
  std::vector<std::string> warnings = {};  // of the plan gate
};
struct CommitRequest {
  std::string message;
  bool breaking = false;    // changes that break callers of a version that was published (commit_breaks())
  bool allow_scan = false;  // calls that read a whole large table (compile/plan_gate.hpp)
};
// Refused until this very draft passed a test, and for what `request` does not allow. Two at once: one after
// the other.
Version commit_draft(Database& catalog, const ApiRow& api, const CommitRequest& request, PlanGate& gate);
// All of them or none, in this order.
std::vector<Version> commit_drafts(Database& catalog, const std::vector<ApiRow>& apis,
                                   const CommitRequest& request, PlanGate& gate);

// What the gate finds of a draft. One with a table that was never loaded is not checked.
PlanReport draft_plans(const ApiRow& api, const Draft& draft, PlanGate& gate);

// Hex SHA-256 of definition, LF, source: of what a test and a version are. `against`: what the draft is
// compiled against; what PostgreSQL says of a script's columns follows from that. A new name makes no other.
std::string draft_digest(const ApiRow& api, const ApiSource& against);
// What a draft is compiled against, of tables by name; a script's columns are not described. Throws
// SystemFailure when a table is gone.
ApiSource draft_source(const ApiRow& api, const std::map<std::string, TableInfo>& tables);

// SHA-256 in hex, of definitions and keys.
std::string sha256_hex(std::string_view bytes);

}  // namespace tablegate::loader
