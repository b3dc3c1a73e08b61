// Two published APIs that one request could mean: the same method and path, on a
// domain that both have (or both on any host), and nothing else that tells them
// apart. Only what a command changed is compared, by the index of routes
// (tablegate.published_api.route, written by a trigger).
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

// What a publication changed on a gateway: APIs, and REST APIs whose domains changed. Ids.
struct ChangedRoutes {
  std::vector<std::string> apis;
  std::vector<std::string> rest_apis;
};

// Throws Refused for the first conflict. After the change, in its transaction.
void refuse_route_conflicts(Database& catalog, const std::string& gateway, const ChangedRoutes& changed);

}  // namespace tablegate::loader
