// A second version of a published API, for some percent of its consumers. What
// of the two must agree is the manifest's own rule (core/canary.hpp).
#pragma once

#include <string>

#include "base/database.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {

struct Canary {
  int version = 0;
  int weight = 0;  // percent of consumers, 1 to 99
};

// Serves `canary`, whose version is Publishable, beside the published version. False: it is so already.
// Throws Refused where nothing is published, where it is the published version, and where the two differ in
// what route and proof depend on. Within the caller's transaction.
bool start_canary(Database& catalog, const ApiRow& api, const std::string& gateway, const Canary& canary);

// Takes the canary away that `version` names; returns the version that stays. Throws Refused where there is
// none of this version.
int stop_canary(Database& catalog, const ApiRow& api, const std::string& gateway, int version);

}  // namespace tablegate::loader
