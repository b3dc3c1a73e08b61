// Writes credentials.json: the keys of the gateways, and the consumers with their keys, their JWT settings
// and what they may call, in the lines that core::read_credentials() reads. Its header lists the manifests
// that the file may be served with.
#pragma once

#include <string>
#include <vector>

#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// The value of a consumer's "jwt", as core::read_jwt_setting() reads it.
std::string jwt_setting_json(const JwtEntry& jwt);

// The lines of keys and consumers, in a fixed order: equal contents give equal bytes.
std::string credentials_lines(const std::vector<GatewayKeyEntry>& keys,
                              const std::vector<ConsumerEntry>& consumers);

// The whole text. `manifests`: the SHA-256 of each manifest (of the bytes after its header) that may be
// served with it.
std::string write_credentials(const std::string& gateway, const std::vector<std::string>& manifests,
                              const std::string& lines);

}  // namespace tablegate::loader
