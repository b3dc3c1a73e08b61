// Proves a token (authentication.md, "JWT"): takes it apart, finds the keys it may
// have been signed with, verifies it, and names the consumer. One a worker and
// manifest, whose settings and keys it refers to; not shared by threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/digest.hpp"
#include "core/manifest/manifest.hpp"
#include "core/proof/jws.hpp"
#include "core/proof/jwt_cache.hpp"
#include "core/proof/jwt_index.hpp"
#include "core/proof/jwt_token.hpp"

namespace tablegate::core {

struct JwtProof {
  uint32_t consumer = 0;  // place in Manifest::consumers; of a proved or an expired token only
  std::string_view kid;   // of our own key set; empty: the key has none. Lives as long as the manifest
  // Why not, one static word for the log: never anything of the token's. Empty when it is proved.
  std::string_view reason;
  bool cached = false;  // the signature had been verified before
};

class JwtVerifier {
 public:
  // The manifest outlives the verifier. A new manifest wants a new verifier: proofs are kept here.
  explicit JwtVerifier(const Manifest& manifest);

  // `source`: the place in manifest.jwt_index->sources() where the token stood; `now` in seconds since 1970.
  // Slug::none: proved. expired_credential: the signature held, the consumer's conditions too, and exp is
  // past. invalid_credential: everything else that is wrong with it. internal_error: no memory. A token of an
  // algorithm that the source has keys for or not, of a known kid or not, costs the same number of
  // verifications when it is refused.
  Problem verify(uint32_t source, std::string_view token, int64_t now, Arena& arena, JwtProof& proof);

  // Signatures checked so far, real and pretended: what a refused token costs.
  uint64_t verifications() const { return signatures_.count(); }

 private:
  Problem prove(uint32_t source, const TokenParts& parts, int64_t now, Arena& arena, const Digest* digest,
                JwtProof& proof);
  // The key that verifies it, at the cost of any other refused token of its algorithm; null: none.
  const uint32_t* find_key(uint32_t source, const JwtToken& token, JwtIndex::Candidates& candidates,
                           JwtProof& proof);
  static Problem check_time(const KeptProof& kept, int64_t now, JwtProof& proof);

  const JwtIndex& index_;
  JwsVerifier signatures_;
  Sha256 sha256_;
  JwtCache cache_;
};

}  // namespace tablegate::core
