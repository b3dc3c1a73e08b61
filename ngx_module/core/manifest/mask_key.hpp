// The keys of hash masks: one for each workspace, HMAC-SHA-256 of its name with the key
// of the credentials. So equal values have equal hashes in a workspace, and no other
// workspace can find a value by publishing a table of guesses. PostgreSQL computes
// HMAC-SHA-256 (RFC 2104) of a value as sha256(outer || sha256(inner || value)), where
// both pads are bound values: a key XORed with a constant, so as secret as the key.
#pragma once

#include <map>
#include <string>

#include "core/digest.hpp"
#include "core/secret.hpp"

namespace tablegate::core {

struct Manifest;

// The pads of one workspace's key, as PostgreSQL's text of a bytea (manual, 8.4.1).
struct MaskPads {
  Secret inner, outer;
};

struct MaskKeys {
  std::map<std::string, MaskPads> of_workspaces;  // of each workspace that has an API with a hash mask
  bool usable = false;  // false: there is no key, so an API with a hash mask cannot be served
};

// `secret`: 32 random bytes. Each API of the manifest with a hash mask binds the key of its workspace.
void set_mask_keys(Manifest& manifest, const Digest& secret);

}  // namespace tablegate::core
