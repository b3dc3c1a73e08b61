// Verifies HMAC signatures of Alibaba's AccessKey form (ngx_module/README.md,
// "Signatures (HMAC)"). An unknown access key takes the same time and gets the
// same answer as a wrong signature.
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

// What a gateway requires of signed requests.
struct HmacPolicy {
  // Seconds that a signed time may differ from now; 0: times and nonces are not checked.
  int64_t window = 900;
  NonceTimes::Limits times = {INT64_MIN, INT64_MIN, 0, 1800, 0};
  NonceTable* nonces = nullptr;
};

struct HmacProof {
  const HmacKey* key = nullptr;     // set when the signature is right
  std::string_view string_to_sign;  // ours, when it is not: the caller's own bytes. Lives in the arena
};

// One worker's contexts. Not shared by threads. The manifest must outlive it.
class HmacVerifier {
 public:
  explicit HmacVerifier(const Manifest& manifest);

  // For a request with at least one X-Ca-Key whose body was read. `now` in seconds since 1970.
  Problem verify(const Api& api, const RequestData& request, const HmacPolicy& policy, int64_t now,
                 Sha256& sha256, Arena& arena, HmacProof& proof);

  // Signatures computed so far: as many for an unknown access key as for a known one.
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
      macs_;         // two per key (SHA-256, SHA-1), made on first use; the last two are for unknown keys
  size_t made_ = 0;  // number of contexts made
  uint64_t signatures_ = 0;
};

// Base64 of the signature of `text`, as clients send it.
std::string hmac_signature(HmacHash hash, std::string_view secret, std::string_view text);

// The value of X-Ca-Error-Message: the string to sign in backticks on one line, LF as '#', other control
// bytes as %XX, cut at about 4 KiB.
std::string string_to_sign_message(std::string_view text);

}  // namespace tablegate::core
