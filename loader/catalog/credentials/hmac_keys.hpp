// HMAC key pairs of consumers. The access key is public; the secret is shown
// once, when it is made, and stored sealed, because verifying a signature needs
// it.
#pragma once

#include <optional>
#include <string>

#include "catalog/credentials/consumers.hpp"
#include "catalog/credentials/seal.hpp"

namespace tablegate::loader {

struct NewHmacKey {
  std::string id;
  std::string access_key;
  std::string secret;
};

// `request.imported`: "access_key:secret". `profile`: classic or raw-query. Throws Refused.
NewHmacKey add_hmac_key(Database& catalog, const Consumer& consumer, const KeyRequest& request,
                        const std::string& profile);

struct HmacPair {
  std::string access_key;
  std::string secret;
};
// The newest of profile classic that is valid now, opened with the master key; nullopt: there is none.
std::optional<HmacPair> newest_hmac_pair(Database& catalog, const Consumer& consumer);

// The secret of a row; throws Refused when it cannot be opened.
std::string open_hmac_secret(const SealingKey& key, const std::string& key_id, std::string_view sealed);

// Seals every secret with another key, inside the caller's transaction and under lock_catalog(); returns how
// many.
size_t reseal_hmac_keys(Database& catalog, const SealingKey& before, const SealingKey& after);

}  // namespace tablegate::loader
