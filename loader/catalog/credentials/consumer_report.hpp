// What there is to show of consumers: their keys (never a secret) and what they
// may call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/credentials/consumers.hpp"

namespace tablegate::loader {

struct ConsumerSummary {
  std::string name;
  bool enabled = true;
  std::string workspace;  // authorized for all its APIs; empty: for what is granted
  long long keys = 0;     // API keys and HMAC keys
  long long authorizations = 0;
  bool jwt = false;
};
// By name.
std::vector<ConsumerSummary> list_consumers(Database& catalog);

struct KeySummary {
  std::string id;
  std::string type;  // api_key, hmac
  std::string label;
  std::optional<std::string> not_before, expires;  // "2027-01-31T08:00:00Z"
  std::string created_at;
  std::string state;                               // valid, not yet valid, expired
  std::optional<std::string> access_key, profile;  // of HMAC keys
};
// The oldest first.
std::vector<KeySummary> keys_of(Database& catalog, const Consumer& consumer);

// One API, or all of a REST API.
struct Grant {
  std::string api;  // empty: `rest_api` is granted
  std::string rest_api, rest_api_version;
};
std::vector<Grant> grants_of(Database& catalog, const Consumer& consumer);

// The APIs published on a gateway that each consumer may call, by whatever authorization; consumers that may
// call none are left out. API ids ascend; consumers are in any order.
struct PublishedGrants {
  std::string consumer_id;
  std::vector<int64_t> apis;
};
std::vector<PublishedGrants> published_grants(Database& catalog, const std::string& gateway);

}  // namespace tablegate::loader
