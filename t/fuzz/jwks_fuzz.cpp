// Key sets from any bytes: as a JWK Set, as PEM and as a secret. An accepted
// key has all properties of a Jwk, and what is made of PEM or a secret is read
// again as the same key.
#include <openssl/evp.h>

#include <cstdint>

#include "core/proof/jws.hpp"
#include "core/proof/jwt_setting.hpp"
#include "fuzzing.hpp"

using namespace tablegate::core;

namespace {

void check_key(const Jwk& key) {
  INVARIANT((key.type == JwkType::oct) == !key.key);
  INVARIANT((key.type == JwkType::rsa) == !key.modulus.empty());
  INVARIANT(key.secret.view().size() == key.secret_size);
  INVARIANT(!key.kid || (!key.kid->empty() && key.kid->size() <= 256));
  unsigned allowed = 0;
  for (size_t i = 0; i < kJwtAlgorithms; ++i) {
    const auto algorithm = static_cast<JwtAlgorithm>(i);
    if (!key.allows(algorithm)) continue;
    ++allowed;
    INVARIANT(jwt_key_type(algorithm) == key.type && jwt_key_curve(algorithm) == key.curve);
    if (key.type == JwkType::oct) INVARIANT(key.secret_size >= jwt_digest_size(algorithm));
    if (key.type == JwkType::rsa) INVARIANT(EVP_PKEY_get_bits(key.key.get()) >= 2048);
  }
  INVARIANT(allowed >= 1 && (!key.algorithm || allowed == 1));
}

// Arbitrary bytes are never a valid signature. Long RSA moduli take milliseconds and are left out.
void check_verify(const Jwk& key) {
  if (key.modulus.size() > 512) return;
  JwsVerifier verifier;
  for (size_t i = 0; i < kJwtAlgorithms; ++i) {
    const auto algorithm = static_cast<JwtAlgorithm>(i);
    if (!key.allows(algorithm)) continue;
    size_t size = key.type == JwkType::oct ? jwt_digest_size(algorithm) : 64;
    if (key.type == JwkType::rsa) size = key.modulus.size();
    if (key.curve == JwkCurve::p384) size = 96;
    if (key.curve == JwkCurve::p521) size = 132;
    const std::string signature(size, '\1');
    INVARIANT(JwsVerifier::well_formed(algorithm, signature));
    INVARIANT(!verifier.verify(0, key, algorithm, "input", signature));
    break;
  }
}

void check_set(std::string_view text) {
  Result<std::vector<Jwk>> keys = parse_jwks(text);
  if (!keys) {
    INVARIANT(!keys.error().message.empty());
    return;
  }
  INVARIANT(!keys->empty() && keys->size() <= kMaxJwksPerSet);
  for (size_t i = 0; i < keys->size(); ++i) {
    check_key((*keys)[i]);
    if (i == 0) check_verify((*keys)[i]);
    for (size_t j = 0; j < i; ++j) INVARIANT(!(*keys)[i].kid || (*keys)[i].kid != (*keys)[j].kid);
  }
  std::vector<JwtSetting> settings(2);
  settings[0].keys = std::move(*keys);
  settings[1].keys = std::move(*parse_jwks(text));
  INVARIANT(could_both_accept(settings[0], settings[1]));
  INVARIANT(find_jwt_conflict(settings).has_value());
}

void check_made(const Result<std::string>& jwk, JwtAlgorithm algorithm) {
  if (!jwk) {
    INVARIANT(!jwk.error().message.empty());
    return;
  }
  const Result<std::vector<Jwk>> keys = parse_jwks("[" + *jwk + "]");
  INVARIANT(static_cast<bool>(keys) && keys->size() == 1 && keys->front().algorithm == algorithm);
  INVARIANT(keys->front().kid == std::string("kid"));
  check_key(keys->front());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_set(text);
  for (const JwtAlgorithm algorithm : {JwtAlgorithm::rs256, JwtAlgorithm::es256, JwtAlgorithm::es384,
                                       JwtAlgorithm::es512, JwtAlgorithm::eddsa}) {
    check_made(jwk_from_pem(text, algorithm, "kid"), algorithm);
  }
  check_made(jwk_from_secret(text, JwtAlgorithm::hs384, "kid"), JwtAlgorithm::hs384);
  return 0;
}
