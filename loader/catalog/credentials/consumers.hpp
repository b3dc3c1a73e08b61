// Consumers, their API keys and what they may call. Of a key only its SHA-256
// digest is kept: it is told once, when it is made, and never again.
#pragma once

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
  std::string workspace;  // its own workspace's name, or empty
};

// Throws Refused where there is none.
Consumer find_consumer(Database& catalog, const std::string& name);
// All, by name.
std::vector<std::string> consumer_names(Database& catalog);
// False: it is there already.
bool create_consumer(Database& catalog, const std::string& name);
// False: it is so already.
bool enable_consumer(Database& catalog, const Consumer& consumer, bool enabled);
// With its keys and authorisations; refused for a workspace's own.
void delete_consumer(Database& catalog, const Consumer& consumer);

struct KeyRequest {
  std::string label;
  std::optional<std::string> not_before;  // as PostgreSQL takes a timestamptz
  std::optional<std::string> expires;
  std::optional<std::string> imported;  // the key itself; else one is made
};
struct NewKey {
  std::string id;
  std::string api_key;
};
NewKey add_api_key(Database& catalog, const Consumer& consumer, const KeyRequest& request);

// Now (the key is gone), or at a time (it expires then). False: it expires then or earlier already.
bool revoke_key(Database& catalog, const Consumer& consumer, const std::string& key_id,
                const std::optional<std::string>& at);

struct RestApiName {
  std::string name;
  std::string version;  // empty: the one there is
};
// Exactly one of `api` (a name in the workspace) and `rest_api`. False: nothing to do.
bool authorize(Database& catalog, const Consumer& consumer, const Workspace& workspace,
               const std::string& api, const RestApiName& rest_api);
bool deauthorize(Database& catalog, const Consumer& consumer, const Workspace& workspace,
                 const std::string& api, const RestApiName& rest_api);

}  // namespace tablegate::loader
