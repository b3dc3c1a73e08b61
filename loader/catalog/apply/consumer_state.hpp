// What a Consumer's definition says: whether it is disabled, what it may call, its
// JWT setting; from a definition, or from the rows of the catalog, which keeps no
// text of it. API keys and HMAC pairs are in no definition; a symmetric JWK is in
// it without its "k".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "catalog/credentials/consumers.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// One of `rest_api` (with the version that it may have) and `api` (with its workspace).
struct ConsumerGrant {
  std::string rest_api, version, workspace, api;
  bool operator<(const ConsumerGrant& other) const {
    return std::tie(rest_api, version, workspace, api) <
           std::tie(other.rest_api, other.version, other.workspace, other.api);
  }
};

struct ConsumerState {
  bool disabled = false;
  // With the id of the API or REST API; empty where it is not known yet.
  std::map<ConsumerGrant, std::string> grants;
  std::optional<JwtEntry> jwt;
};

// `workspace`: of the definition.
ConsumerState read_consumer_state(const JsonValue& document, const Workspace& workspace);
// One for each consumer, by a fixed number of queries.
std::vector<ConsumerState> read_consumer_states(Database& catalog, const std::vector<Consumer>& consumers);

// The settings only.
bool same_jwt(const ConsumerState& a, const ConsumerState& b);
bool same_state(const ConsumerState& a, const ConsumerState& b);

// The definition, members in the order of the schema, defaults left out. APIs of another workspace are named
// with theirs.
struct ConsumerText {
  Consumer consumer;
  std::string text;
};
// The definitions of consumers that exist, in this order. Throws Refused where there is none of a name.
std::vector<ConsumerText> consumer_texts(Database& catalog, const Workspace& workspace,
                                         const std::vector<std::string>& names);
std::string consumer_text(const std::string& name, const ConsumerState& state, const Workspace& workspace);

}  // namespace tablegate::loader
