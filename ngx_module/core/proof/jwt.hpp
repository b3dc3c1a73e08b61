// Verifies a token (ngx_module/README.md, "Tokens (JWT)"): splits it, finds the
// keys that may have signed it, verifies it, and names the consumer. One per
// worker and manifest, whose settings and keys it refers to; not shared by
// threads.
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
  uint32_t consumer = 0;  // index in Manifest::consumers; only of a proved or an expired token
  std::string_view kid;   // of our own key set; empty: the key has none. Lives as long as the manifest
  // The reason of a rejection, one static word for the log, never a part of the token. Empty when it is
  // proved.
  std::string_view reason;
  bool cached = false;  // the signature had been verified before
};

class JwtVerifier {
 public:
  // The manifest must outlive the verifier. A new manifest requires a new verifier, because it keeps proofs.
  explicit JwtVerifier(const Manifest& manifest);

  // `source`: the index in manifest.jwt_index->sources() of the token's place; `now` in seconds since 1970.
  // Slug::none: proved. expired_credential: the signature and the consumer's conditions are right, but exp
  // has passed. invalid_credential: any other fault. internal_error: memory is exhausted. All rejected tokens
  // of an algorithm cost the same number of verifications, whether keys exist for their algorithm and kid or
  // not.
  Problem verify(uint32_t source, std::string_view token, int64_t now, Arena& arena, JwtProof& proof);

  // Signatures checked so far, real and pretended: the cost of rejected tokens.
  uint64_t verifications() const { return signatures_.count(); }

 private:
  Problem prove(uint32_t source, const TokenParts& parts, int64_t now, Arena& arena, const Digest* digest,
                JwtProof& proof);
  // The key that verifies it, at the same cost as any rejected token of its algorithm; null: none.
  const uint32_t* find_key(uint32_t source, const JwtToken& token, JwtIndex::Candidates& candidates,
                           JwtProof& proof);
  static Problem check_time(const KeptProof& kept, int64_t now, JwtProof& proof);

  const JwtIndex& index_;
  JwsVerifier signatures_;
  Sha256 sha256_;
  JwtCache cache_;
};

}  // namespace tablegate::core
