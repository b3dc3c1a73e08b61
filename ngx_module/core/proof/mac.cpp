#include "core/proof/mac.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "core/openssl.hpp"

namespace tablegate::core {

struct Mac::Context {
  MacCtxPtr context;
  size_t size = 0;
  bool keyed = false;
};

Mac::Mac(HmacHash hash, std::string_view key) : context_(std::make_unique<Context>()) {
  constexpr const char* kNames[] = {"SHA1", "SHA256", "SHA384", "SHA512"};
  const MacPtr algorithm(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  if (!algorithm) return;
  context_->context.reset(EVP_MAC_CTX_new(algorithm.get()));  // holds a reference to the algorithm
  context_->size = mac_size(hash);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                       const_cast<char*>(kNames[static_cast<size_t>(hash)]), 0),
      OSSL_PARAM_construct_end()};
  context_->keyed = context_->context &&
                    EVP_MAC_init(context_->context.get(), reinterpret_cast<const unsigned char*>(key.data()),
                                 key.size(), parameters) == 1;
}

Mac::~Mac() = default;
Mac::Mac(Mac&&) noexcept = default;
Mac& Mac::operator=(Mac&&) noexcept = default;

bool Mac::compute(std::string_view bytes, unsigned char* out) {
  size_t written = 0;
  return context_->keyed && EVP_MAC_init(context_->context.get(), nullptr, 0, nullptr) == 1 &&
         EVP_MAC_update(context_->context.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                        bytes.size()) == 1 &&
         EVP_MAC_final(context_->context.get(), out, &written, context_->size) == 1 &&
         written == context_->size;
}

}  // namespace tablegate::core
