// What a gateway instance serves: versions put on it and taken off. Every change
// counts the gateway's publication up by one and notifies tablegate_publication.
// One change at a time (the catalog's lock), all APIs of a command or none.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/database.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {

struct PublishRequest {
  std::string gateway;
  std::optional<int> version;          // default: the latest
  std::vector<std::string> domains;    // replace those of the REST API
  bool no_domain = false;              // the REST API answers on any host
  std::optional<std::string> service;  // default: what is there, else "default"
  bool yes = false;                    // domains of other published APIs may change too
  bool breaking = false;               // what callers have may change
  // Picks the version instead of `version`, inside of the change.
  std::function<int(const ApiRow&)> choose;
};

struct Published {
  std::string name;
  std::optional<int> version;  // empty: taken offline
  long long publication = 0;
  bool unchanged = false;
};

std::vector<Published> publish_apis(Database& catalog, const std::vector<ApiRow>& apis,
                                    const PublishRequest& request);
std::vector<Published> unpublish_apis(Database& catalog, const std::vector<ApiRow>& apis,
                                      const std::string& gateway);

// Tells `sync --watch` that what a gateway serves has changed (consumers and keys included).
void notify_change(Database& catalog, const std::string& about);

}  // namespace tablegate::loader
