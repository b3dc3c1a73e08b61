// The verbs of `tablegate consumer`, one file for each group of them; consumer.cpp
// puts them on the command line.
#pragma once

#include <optional>
#include <string>

#include "cli/cli.hpp"

namespace tablegate::loader {

struct ConsumerOptions {
  std::string name, key_id, at, api, rest_api, rest_api_version;
  // add-key
  std::string type = "api_key", label, not_before, expires, from_file, profile;
  // set-jwt
  std::string jwks, pem, secret_file, algorithm, issuer, audience, claim, source;
  std::optional<std::string> kid;
  int leeway = 60;
  bool require_exp = false;
};

void consumer_list(const Settings& settings);
void consumer_show(const Settings& settings, const std::string& name);
void consumer_add_key(const Settings& settings, const ConsumerOptions& options);
void consumer_revoke_key(const Settings& settings, const ConsumerOptions& options);
void consumer_set_jwt(const Settings& settings, const ConsumerOptions& options);
void consumer_unset_jwt(const Settings& settings, const ConsumerOptions& options);

// What a change of a consumer says: `action`, or unchanged.
void report_consumer(const Settings& settings, const std::string& name, bool done, const std::string& action);

}  // namespace tablegate::loader
