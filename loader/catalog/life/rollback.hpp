// Puts the version back that a gateway served before: in one step, no new version,
// no contract check. It reports what callers lose.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/life/publications.hpp"

namespace tablegate::loader {

struct RolledBack {
  Published published;
  std::optional<int> from;        // what was served until now
  std::vector<std::string> lost;  // breaks of the contract, as texts
};
// `version`: one that was on this gateway; default: the one published before what it serves now. All APIs or
// none; refused where there is none.
std::vector<RolledBack> rollback_apis(Database& catalog, const std::vector<ApiRow>& apis,
                                      const std::string& gateway, std::optional<int> version);

}  // namespace tablegate::loader
