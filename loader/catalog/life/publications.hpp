// What a gateway instance serves: versions put on it and taken off. Every change
// counts the gateway's publication up by one and notifies tablegate_publication.
// One change at a time (the catalog's lock), all APIs of a command or none.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {

struct PublishChoice {
  std::optional<int> version;          // empty: the latest
  std::optional<std::string> service;  // empty: the one that it is on, else "default"
};

struct PublishRequest {
  std::string gateway;
  std::optional<int> version;          // default: the latest
  std::vector<std::string> domains;    // replace those of the REST API
  bool no_domain = false;              // the REST API answers on any host
  std::optional<std::string> service;  // default: what is there, else "default"
  bool yes = false;                    // domains of other published APIs may change too
  std::optional<int> weight;           // percent of consumers, 1 to 100: below that a canary (canary.hpp)
  bool breaking = false;               // what callers have may change
  bool keep_canary = false;            // beside a version that stays
  // Picks version and service instead of `version` and `service`, inside of the change.
  std::function<PublishChoice(const ApiRow&)> choose;
};

struct Published {
  std::string name;
  std::optional<int> version;  // empty: taken offline
  long long publication = 0;
  bool unchanged = false;
  int weight = 100;  // percent of consumers that get `version`
  std::optional<int> now =
      std::nullopt;  // the version that most callers get; empty: none, or it was read only
};

struct UnpublishRequest {
  std::string gateway;
  std::optional<int> version;  // a canary's: only that is taken away
  bool yes = false;            // also where somebody still calls (usage_report.hpp)
};

std::vector<Published> publish_apis(Database& catalog, const std::vector<ApiRow>& apis,
                                    const PublishRequest& request);
std::vector<Published> unpublish_apis(Database& catalog, const std::vector<ApiRow>& apis,
                                      const UnpublishRequest& request);

// Gives each result its number: those that changed the next numbers of the gateway, recorded with `now` and
// the canary that the API has from now on; the others the latest before. `apis` are those of the results.
// Notifies where something changed. In the transaction of the change, after it.
void number_publications(Database& catalog, const std::string& gateway, const std::vector<ApiRow>& apis,
                         std::vector<Published>& results);
// The number of the latest.
long long publication_of(Database& catalog, const std::string& gateway);

// Tells `sync --watch` that what a gateway serves has changed (consumers and keys included), and counts the
// catalog's revision up. Called in the transaction of the change, as late as can be. (Triggers do the same
// for tables: note_change in schema/catalog/functions.sql.)
void notify_change(Database& catalog, const std::string& about);

}  // namespace tablegate::loader
