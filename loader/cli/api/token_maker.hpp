// Makes the token that `api call` sends when it is given a private key: RS, PS, ES
// and EdDSA by the key's type, HS for a symmetric JWK. For trying an API out; who
// calls in earnest signs tokens with a library of his own.
#pragma once

#include <string>
#include <string_view>

#include "compile/credentials_writer.hpp"
#include "core/proof/jwk.hpp"

namespace tablegate::loader {

class TokenKey {
 public:
  // A private key in PEM without a passphrase, or a private or symmetric JWK. `file` names it in refusals.
  static TokenKey read(const std::string& text, const std::string& file);
  // The first symmetric key of a JWT setting whose keys are open; throws Refused where it has none, because
  // of the others it knows the public halves only.
  static TokenKey symmetric(const JwtEntry& setting, const std::string& consumer);

  // Takes kid and algorithm from the key of the setting that verifies what this one signs. Throws Refused
  // where there is none.
  void match(const JwtEntry& setting, const std::string& consumer);

  // A compact JWS valid for five minutes from `now` (seconds since 1970), with issuer, audience and claim of
  // the setting, where there is one.
  std::string make_token(const JwtEntry* setting, int64_t now) const;

 private:
  std::string public_jwk() const;
  std::string sign(std::string_view text) const;

  core::PkeyPtr key_;   // null: symmetric
  std::string secret_;  // of a symmetric key
  core::JwtAlgorithm algorithm_ = core::JwtAlgorithm::hs256;
  bool algorithm_given_ = false;
  std::string kid_;
};

}  // namespace tablegate::loader
