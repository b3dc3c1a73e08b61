// The algorithms of tokens and the keys that fit them (jwk.hpp).
#include <array>

#include "core/proof/jwk.hpp"

namespace tablegate::core {

namespace {

struct AlgorithmKind {
  std::string_view name;
  JwkType type;
  JwkCurve curve;
  size_t digest;
};

// In the order of JwtAlgorithm.
constexpr std::array<AlgorithmKind, kJwtAlgorithms> kAlgorithms = {{
    {"HS256", JwkType::oct, JwkCurve::none, 32},
    {"HS384", JwkType::oct, JwkCurve::none, 48},
    {"HS512", JwkType::oct, JwkCurve::none, 64},
    {"RS256", JwkType::rsa, JwkCurve::none, 32},
    {"RS384", JwkType::rsa, JwkCurve::none, 48},
    {"RS512", JwkType::rsa, JwkCurve::none, 64},
    {"PS256", JwkType::rsa, JwkCurve::none, 32},
    {"PS384", JwkType::rsa, JwkCurve::none, 48},
    {"PS512", JwkType::rsa, JwkCurve::none, 64},
    {"ES256", JwkType::ec, JwkCurve::p256, 32},
    {"ES384", JwkType::ec, JwkCurve::p384, 48},
    {"ES512", JwkType::ec, JwkCurve::p521, 64},
    {"EdDSA", JwkType::okp, JwkCurve::ed25519, 64},
}};

const AlgorithmKind& kind_of(JwtAlgorithm algorithm) {
  return kAlgorithms[static_cast<size_t>(algorithm)];
}

}  // namespace

std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view name) {
  for (size_t i = 0; i < kAlgorithms.size(); ++i) {
    if (kAlgorithms[i].name == name) return static_cast<JwtAlgorithm>(i);
  }
  return std::nullopt;
}

std::string_view jwt_algorithm_name(JwtAlgorithm algorithm) {
  return kind_of(algorithm).name;
}

JwkType jwt_key_type(JwtAlgorithm algorithm) {
  return kind_of(algorithm).type;
}

JwkCurve jwt_key_curve(JwtAlgorithm algorithm) {
  return kind_of(algorithm).curve;
}

size_t jwt_digest_size(JwtAlgorithm algorithm) {
  return kind_of(algorithm).digest;
}

}  // namespace tablegate::core
