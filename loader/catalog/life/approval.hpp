// Steps of a version on its way to Publishable. The rules (which role, not the
// submitter, in whose name) are the catalog's own functions' (schema/catalog/functions.sql):
// here they are only called and their refusals put into words.
#pragma once

#include <optional>
#include <string>

#include "base/database.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {

struct StepRequest {
  std::string step;            // submit, approve, reject
  std::optional<int> version;  // default: the latest that waits for this step
  std::string message;
  std::optional<std::string> as_user;  // in whose name; for superusers and members of tablegate_owner
};
struct StepOutcome {
  int version = 0;
  std::string status;
};
// Whether a version requires approval now: its workspace does, or that of a table that it reads.
bool requires_approval(Database& catalog, const ApiRow& api, int version);

// "approve" where no approval is required any more is an operator's word for a version that still waits.
StepOutcome take_step(Database& catalog, const ApiRow& api, const StepRequest& request);

}  // namespace tablegate::loader
