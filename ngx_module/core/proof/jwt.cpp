#include "core/proof/jwt.hpp"

namespace tablegate::core {

namespace {

Problem refuse_token(JwtProof& proof, std::string_view reason) {
  proof.reason = reason;
  return {Slug::invalid_credential, {}, {}};
}

// The shortest encoded signature of the algorithms whose proofs are kept: of ES256 and EdDSA. An HMAC costs
// less than the lookup; those of HS512 are as long and are looked up without success.
constexpr size_t kShortestKept = 86;

KeptProof make_kept(const JwtIndex::Match& match, const JwtToken& token) {
  KeptProof kept;
  kept.setting = match.setting;
  kept.key = match.key;
  kept.has_expires = token.expires.has_value();
  kept.expires = token.expires.value_or(0);
  kept.has_not_before = token.not_before.has_value();
  kept.not_before = token.not_before.value_or(0);
  return kept;
}

}  // namespace

JwtVerifier::JwtVerifier(const Manifest& manifest) : index_(*manifest.jwt_index) {}

Problem JwtVerifier::check_time(const KeptProof& kept, int64_t now, JwtProof& proof) {
  const JwtSetting& setting = *kept.setting;
  if (!kept.has_expires && setting.require_exp) return refuse_token(proof, "exp_missing");
  // RFC 7519 section 4.1.4: on or after it, the token must not be accepted.
  if (kept.has_expires && now >= kept.expires + setting.leeway_s) {
    proof.consumer = setting.consumer;
    proof.reason = "expired";
    return {Slug::expired_credential, {}, {}};
  }
  if (kept.has_not_before && now + setting.leeway_s < kept.not_before)
    return refuse_token(proof, "not_yet_valid");
  proof.consumer = setting.consumer;
  if (kept.key->kid) proof.kid = *kept.key->kid;
  return {};
}

const uint32_t* JwtVerifier::find_key(uint32_t source, const JwtToken& token,
                                      JwtIndex::Candidates& candidates, JwtProof& proof) {
  candidates = index_.candidates(source, token.algorithm, token.kid, token.issuer());
  for (size_t i = 0; i < candidates.count; ++i) {
    if (signatures_.verify(candidates.keys[i], index_.key(candidates.keys[i]), token.algorithm,
                           token.signing_input, token.signature)) {
      return &candidates.keys[i];
    }
  }
  for (size_t i = candidates.count; i < candidates.cost; ++i) {
    signatures_.pretend(token.algorithm, token.signing_input, token.signature);
  }
  const std::string_view none = index_.why_none(source, token.algorithm, token.kid);
  proof.reason = candidates.count > 0 ? "bad_signature" : none;
  return nullptr;
}

Problem JwtVerifier::prove(uint32_t source, const TokenParts& parts, int64_t now, Arena& arena,
                           const Digest* digest, JwtProof& proof) {
  JwtToken token;
  if (const char* reason = parse_token(parts, arena, token)) {
    if (reason != kNoMemory) return refuse_token(proof, reason);
    proof.reason = reason;
    return {Slug::internal_error, {}, {}};
  }
  if (!JwsVerifier::well_formed(token.algorithm, token.signature))
    return refuse_token(proof, "signature_form");
  JwtIndex::Candidates candidates;
  const uint32_t* const key = find_key(source, token, candidates, proof);
  if (key == nullptr) return {Slug::invalid_credential, {}, {}};
  const JwtIndex::Match match = index_.match(source, token, *key);
  if (match.setting == nullptr) return refuse_token(proof, match.reason);
  const KeptProof kept = make_kept(match, token);
  Problem problem = check_time(kept, now, proof);
  if (!problem && digest != nullptr && jwt_key_type(token.algorithm) != JwkType::oct) {
    cache_.put(source, *digest, kept);
  }
  return problem;
}

Problem JwtVerifier::verify(uint32_t source, std::string_view token, int64_t now, Arena& arena,
                            JwtProof& proof) {
  proof = {};
  TokenParts parts;
  if (!split_token(token, parts)) return refuse_token(proof, token.size() > kMaxToken ? "too_long" : "form");
  Digest digest;
  const bool keeps = parts.signature.size() >= kShortestKept && sha256_.digest(token, digest);
  if (keeps) {
    if (const KeptProof* kept = cache_.find(source, digest)) {
      proof.cached = true;
      return check_time(*kept, now, proof);
    }
  }
  return prove(source, parts, now, arena, keeps ? &digest : nullptr, proof);
}

}  // namespace tablegate::core
