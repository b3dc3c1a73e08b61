// The plans that were stored with a version when it was committed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"
#include "compile/plan_gate.hpp"

namespace tablegate::loader {

struct VersionPlan {
  std::string api;
  int version = 0;
  ApiDefinition definition;
  std::vector<PathPlan> paths;
};

// `version` empty: the latest. Throws Refused where there is no such version, or none was stored with it.
VersionPlan read_version_plan(Database& catalog, const ApiRow& api, const std::optional<int>& version);

}  // namespace tablegate::loader
