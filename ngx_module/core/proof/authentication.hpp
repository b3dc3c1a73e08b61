// Who calls: finds the credential of a request, verifies it by its type (API
// key, JWT, HMAC signature) and authorises the consumer for the API
// (ngx_module/README.md, "The life of a request"). After any error the outcome
// is `refused`: no omission lets a request pass.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/call/parameters.hpp"
#include "core/digest.hpp"
#include "core/manifest/manifest.hpp"
#include "core/proof/hmac.hpp"
#include "core/proof/jwt.hpp"

namespace tablegate::core {

struct Identity {
  const Consumer* consumer = nullptr;  // null: no consumer was proved
  AuthenticationType type = AuthenticationType::api_key;
  std::string_view credential;  // public id of the key; for a token the kid of our key, which may be empty
};

struct Proof {
  enum class Outcome : uint8_t {
    refused,
    open,           // the API requires no credential
    proved,         // the consumer is authorized too
    requires_body,  // nothing is proved yet: the signature covers the body, which has not been read
  };
  Outcome outcome = Outcome::refused;
  Problem problem{Slug::internal_error, {}, {}};  // if `refused`
  Identity identity;                              // if `proved`, and if refused with consumer_not_authorized
  std::string_view claimed;                       // the access key that an HMAC request names, proved or not
  std::string_view string_to_sign;                // our string, if an HMAC signature was wrong
};

// One worker's contexts for all types. Not shared by threads. The manifest must outlive it.
class Authenticator {
 public:
  explicit Authenticator(const Manifest& manifest);

  // `now` in seconds since 1970. The pointers in the result live as long as the arena and the manifest.
  Proof authenticate(const Api& api, const RequestData& request, const HmacPolicy& policy, int64_t now,
                     Arena& arena);

  const HmacVerifier& hmac() const { return hmac_; }
  const JwtVerifier& jwt() const { return jwt_; }

 private:
  struct Found;
  Problem prove(const Api& api, const RequestData& request, const HmacPolicy& policy, int64_t now,
                Arena& arena, Proof& proof, Validity& validity);
  Problem prove_api_key(std::string_view key, Proof& proof, Validity& validity);

  const Manifest& manifest_;
  Sha256 sha256_;
  HmacVerifier hmac_;
  JwtVerifier jwt_;
};

// The value of WWW-Authenticate for a 401 of this API (RFC 6750 section 3: no `error` if no credential was
// sent).
std::string www_authenticate(const Api& api, Slug slug);

}  // namespace tablegate::core
