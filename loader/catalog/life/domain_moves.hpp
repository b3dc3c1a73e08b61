// The domains of a REST API on a gateway, and what a change of them takes from
// callers: all its APIs share them, so others move along, and a published API
// may lose a host. publish asks for --yes then.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {

using Domains = std::set<std::string>;  // none: any host

Domains domains_of(Database& catalog, const std::string& gateway, const std::string& rest_api_id);

// A sentence for each published API among `asked` that would lose a host, with those who called it in the
// last 7 days, and one for the other published APIs of the REST API that would move along. `api`: one of the
// REST API.
std::vector<std::string> domain_moves(Database& catalog, const std::string& gateway, const ApiRow& api,
                                      const std::vector<ApiRow>& asked, const Domains& before,
                                      const Domains& after);

}  // namespace tablegate::loader
