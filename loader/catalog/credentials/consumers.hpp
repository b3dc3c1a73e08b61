// Consumers, their API keys and what they may call. Only the SHA-256 digest of
// a key is stored: the key is shown once, when it is made.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {

struct Consumer {
  std::string id;
  std::string name;
  bool enabled = true;
  std::string workspace;  // name of the workspace that owns it, or empty
};

// Throws Refused where there is none.
Consumer find_consumer(Database& catalog, const std::string& name);
// Those of these names that exist, by name.
std::map<std::string, Consumer> find_consumers(Database& catalog, const std::vector<std::string>& names);
// All, by name.
std::vector<std::string> consumer_names(Database& catalog);
// False: it exists already.
bool create_consumer(Database& catalog, const std::string& name);
// False: it was in this state already.
bool enable_consumer(Database& catalog, const Consumer& consumer, bool enabled);
// Also deletes its keys and authorizations. Throws Refused for a workspace's own consumer.
void delete_consumer(Database& catalog, const Consumer& consumer);

struct KeyRequest {
  std::string label;
  std::optional<std::string> not_before;  // as PostgreSQL takes a timestamptz
  std::optional<std::string> expires;
  std::optional<std::string> imported;  // the key itself; not set: one is made
};
struct NewKey {
  std::string id;
  std::string api_key;
};
NewKey add_api_key(Database& catalog, const Consumer& consumer, const KeyRequest& request);

// Revokes it now (the key is deleted), or at a time (it expires then). False: it expires then or earlier
// already.
bool revoke_key(Database& catalog, const Consumer& consumer, const std::string& key_id,
                const std::optional<std::string>& at);

struct RestApiName {
  std::string name;
  std::string version;  // empty: the only one
};
// Exactly one of `api` (a name in the workspace) and `rest_api` is set. False: nothing to do.
bool authorize(Database& catalog, const Consumer& consumer, const Workspace& workspace,
               const std::string& api, const RestApiName& rest_api);
bool deauthorize(Database& catalog, const Consumer& consumer, const Workspace& workspace,
                 const std::string& api, const RestApiName& rest_api);

}  // namespace tablegate::loader
