// Who calls: finds the credential that a request carries, proves it by its type
// (API key, JWT, HMAC signature) and authorises the consumer for the API
// (authentication.md gives the order). Whatever goes wrong, the outcome is
// `refused`: nothing is let through by omission.
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
  const Consumer* consumer = nullptr;  // null: nobody was proved
  AuthenticationType type = AuthenticationType::api_key;
  std::string_view credential;  // public id of the key; of a token: the kid of our key, which may be empty
};

struct Proof {
  enum class Outcome : uint8_t {
    refused,
    open,        // the API asks for no proof
    proved,      // and authorised
    wants_body,  // nothing is proved yet: the signature covers the body, which nobody has read
  };
  Outcome outcome = Outcome::refused;
  Problem problem{Slug::internal_error, {}, {}};  // of `refused`
  Identity identity;                              // of `proved`, and of the refusal consumer_not_authorized
  std::string_view claimed;                       // the access key that an HMAC request names, proved or not
  std::string_view string_to_sign;                // where an HMAC signature did not hold: ours
};

// One worker's contexts for all types. Not shared by threads. The manifest outlives it.
class Authenticator {
 public:
  explicit Authenticator(const Manifest& manifest);

  // `now` in seconds since 1970. What the proof points to lives as long as the arena and the manifest.
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

// The value of WWW-Authenticate for a 401 of this API (RFC 6750 section 3: no `error` when no credential was
// sent).
std::string www_authenticate(const Api& api, Slug slug);

}  // namespace tablegate::core
