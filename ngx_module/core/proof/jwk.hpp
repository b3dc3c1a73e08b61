// Keys that tokens are verified with: JSON Web Keys (RFC 7517, 7518 section 6,
// RFC 8037), read strictly, public halves and shared secrets only. The loader
// checks with this what `consumer set-jwt` is given, nginx's master what the
// manifest holds. A Jwk never changes once read; its secret is wiped with it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/secret.hpp"

struct evp_pkey_st;
struct json_t;

namespace tablegate::core {

// RFC 7518 section 3.1 and RFC 8037 section 3.1, in this order.
enum class JwtAlgorithm : uint8_t {
  hs256,
  hs384,
  hs512,
  rs256,
  rs384,
  rs512,
  ps256,
  ps384,
  ps512,
  es256,
  es384,
  es512,
  eddsa
};
constexpr size_t kJwtAlgorithms = 13;

enum class JwkType : uint8_t { oct, rsa, ec, okp };
enum class JwkCurve : uint8_t { none, p256, p384, p521, ed25519 };

// "HS256", ... exactly; nullopt for any other word, `none` in any spelling among them.
std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view name);
std::string_view jwt_algorithm_name(JwtAlgorithm algorithm);
// The type and the curve that the algorithm's keys have.
JwkType jwt_key_type(JwtAlgorithm algorithm);
JwkCurve jwt_key_curve(JwtAlgorithm algorithm);
// Bytes of the algorithm's digest; for EdDSA 64.
size_t jwt_digest_size(JwtAlgorithm algorithm);

struct PkeyFree {
  void operator()(evp_pkey_st* key) const;
};
using PkeyPtr = std::unique_ptr<evp_pkey_st, PkeyFree>;

struct Jwk {
  std::optional<std::string> kid;
  JwkType type = JwkType::oct;
  JwkCurve curve = JwkCurve::none;
  std::optional<JwtAlgorithm> algorithm;  // of the JWK; absent: every one that goes with its type
  PkeyPtr key;                            // public key; null for oct
  Secret secret;                          // oct only
  size_t secret_size = 0;                 // of it
  std::string modulus;                    // rsa only: big-endian, no leading zero
  // SHA-256 over type, curve and key material: equal for the same key under any kid and algorithm.
  std::array<unsigned char, 32> fingerprint{};

  // The key decides: whether a token that names this algorithm may be verified with it.
  bool allows(JwtAlgorithm wanted) const;
};

constexpr size_t kMaxJwksPerSet = 64;

// A JWK Set, {"keys":[...]}, or the list alone. `set` is needed during the call only, and was read with
// JSON_REJECT_DUPLICATES. Refused with the key's JSON pointer under `pointer` ("/keys/0/alg"): no key or more
// than kMaxJwksPerSet, another kty, crv or alg, alg and key that do not go together, values that are not
// canonical base64url (RFC 7518 section 2), oct keys shorter than the hash (section 3.2), RSA under 2048 or
// over 16384 bits or with an even or tiny modulus or exponent, points off their curve or of small order,
// private keys, `use` other than sig, `key_ops` without verify (RFC 7517 section 4), two keys of one kid.
// Members that are not known are ignored (RFC 7517 section 4), x5c and the like among them.
Result<std::vector<Jwk>> read_jwks(const json_t* set, const std::string& pointer = {});
// The same from text; duplicate members are refused.
Result<std::vector<Jwk>> parse_jwks(std::string_view text);

// The JWK, as JSON text that parse_jwks() reads within a list, of a public key in PEM: SubjectPublicKeyInfo,
// PKCS #1, or a certificate, whose key alone is taken. Refused: a private key, more than one object, a key
// that the algorithm does not go with, and all that read_jwks() refuses.
Result<std::string> jwk_from_pem(std::string_view pem, JwtAlgorithm algorithm,
                                 const std::optional<std::string>& kid);
// The same of a shared secret, all of whose bytes count. Refused: what read_jwks() refuses, and the text of a
// key (PEM, JWK): whoever has the public key could sign with it.
Result<std::string> jwk_from_secret(std::string_view secret, JwtAlgorithm algorithm,
                                    const std::optional<std::string>& kid);

}  // namespace tablegate::core
