// The definition of a Consumer, read from its JSON once with every default.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json_text.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// One API, or a REST API for all of its APIs.
struct AuthorizationDefinition {
  std::string rest_api, rest_api_version;
  std::string api;
  std::string workspace;  // of the API; empty: the workspace that applies the definition
};

struct ConsumerDefinition {
  std::string name;
  bool disabled = false;
  std::vector<AuthorizationDefinition> authorizations;
  std::optional<JwtEntry> jwt;
};
ConsumerDefinition read_consumer_definition(const JsonValue& definition);

// Where a token is by default, and whether a setting says just that.
inline constexpr const char* kTokenPlace = "header";
inline constexpr const char* kTokenName = "Authorization";
inline constexpr const char* kTokenPrefix = "Bearer";
bool has_default_source(const JwtEntry& jwt);

}  // namespace tablegate::loader
