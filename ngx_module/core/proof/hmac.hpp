// Proves HMAC signatures of Alibaba's AccessKey form (authentication.md,
// "HMAC"). An unknown access key costs and answers what a wrong signature costs
// and answers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/answer/problem.hpp"
#include "core/call/parameters.hpp"
#include "core/digest.hpp"
#include "core/manifest/manifest.hpp"
#include "core/proof/mac.hpp"
#include "core/proof/string_to_sign.hpp"
#include "core/shared/nonce_table.hpp"
#include "core/shared/nonce_times.hpp"

namespace tablegate::core {

// What a gateway asks of signed requests.
struct HmacPolicy {
  int64_t window = 900;  // seconds that a signed time may be away from now; 0: times and nonces do not count
  NonceTimes::Limits times = {INT64_MIN, INT64_MIN, 0, 1800, 0};
  NonceTable* nonces = nullptr;
};

struct HmacProof {
  const HmacKey* key = nullptr;     // set when the signature held
  std::string_view string_to_sign;  // ours, when it did not hold: the caller's own bytes. Lives in the arena
};

// One worker's contexts. Not shared by threads. The manifest outlives it.
class HmacVerifier {
 public:
  explicit HmacVerifier(const Manifest& manifest);

  // The request carries X-Ca-Key once or more; its body was read. `now` in seconds since 1970.
  Problem verify(const Api& api, const RequestData& request, const HmacPolicy& policy, int64_t now,
                 Sha256& sha256, Arena& arena, HmacProof& proof);

  // Signatures computed so far: the same for a known and an unknown access key.
  uint64_t signatures() const { return signatures_; }

 private:
  Problem check_form(const Api& api, const RequestData& request, const SignedRequest& signed_request,
                     HmacHash& hash);
  Problem check_body(const Api& api, const RequestData& request);
  Problem check_time(const RequestData& request, const SignedRequest& signed_request,
                     const HmacPolicy& policy, int64_t now, Arena& arena) const;
  Problem check_nonce(const RequestData& request, const SignedRequest& signed_request,
                      const HmacPolicy& policy, const HmacKey& key, int64_t now, Sha256& sha256,
                      Arena& arena) const;
  Mac& mac_of(const HmacKey* key, HmacHash hash);

  const Manifest& manifest_;
  Md5 md5_;
  std::vector<std::unique_ptr<Mac>>
      macs_;         // two a key (SHA-256, SHA-1), made when first used; the last two: nobody's
  size_t made_ = 0;  // of them
  uint64_t signatures_ = 0;
};

// Base64 of the signature of `text`, as clients send it.
std::string hmac_signature(HmacHash hash, std::string_view secret, std::string_view text);

// The value of X-Ca-Error-Message: the string to sign in backticks on one line, LF as '#', other control
// bytes as %XX, cut at some 4 KiB.
std::string string_to_sign_message(std::string_view text);

}  // namespace tablegate::core
