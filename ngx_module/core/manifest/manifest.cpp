#include "core/manifest/manifest.hpp"

#include <algorithm>

#include "core/proof/jwt_index.hpp"
#include "core/route/router.hpp"

namespace tablegate::core {

Manifest::Manifest() = default;
Manifest::~Manifest() = default;

const ApiKey* Manifest::find_api_key(const Digest& digest) const {
  const auto found =
      std::lower_bound(api_keys.begin(), api_keys.end(), digest,
                       [](const ApiKey& key, const Digest& wanted) { return key.digest < wanted; });
  return found != api_keys.end() && found->digest == digest ? &*found : nullptr;
}

const HmacKey* Manifest::find_hmac_key(std::string_view access_key) const {
  const auto found =
      std::lower_bound(hmac_keys.begin(), hmac_keys.end(), access_key,
                       [](const HmacKey& key, std::string_view wanted) { return key.access_key < wanted; });
  return found != hmac_keys.end() && found->access_key == access_key ? &*found : nullptr;
}

const Document* Manifest::find_document(const Domain* domain) const {
  // A domain without APIs of its own serves those of any host.
  const int place = domain != nullptr && domain->document >= 0 ? domain->document : any_host_document;
  return place < 0 ? nullptr : &documents[static_cast<size_t>(place)];
}

bool Manifest::authorized(uint32_t consumer, const Api& api) const {
  const std::vector<uint32_t>& allowed = consumers[consumer].apis;
  return std::binary_search(allowed.begin(), allowed.end(), api.index);
}

}  // namespace tablegate::core
