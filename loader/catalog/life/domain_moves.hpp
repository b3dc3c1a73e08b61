// The domains of a REST API on a gateway, and what a change of them takes from
// callers: all its APIs share them, so others move along, a published API may
// lose a host, and a new domain takes its hosts from a wildcard above it.
// publish asks for --yes then.
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

// A sentence for each of `added` that takes hosts from a wildcard: published APIs answer there by it, or it
// belongs to another workspace than the APIs of `asked`. APIs of their REST APIs do not lose: they get the
// domains.
std::vector<std::string> hosts_taken(Database& catalog, const std::string& gateway,
                                     const std::vector<ApiRow>& asked, const Domains& added);

}  // namespace tablegate::loader
