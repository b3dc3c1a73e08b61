// Keys for verifying tokens: JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC
// 8037), read strictly; public keys and shared secrets only. The loader checks
// the keys of `consumer set-jwt` with it, nginx's master those of the manifest.
// A Jwk never changes; its secret is wiped when it is destroyed.
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

// Exactly "HS256" etc.; nullopt for any other word, also `none` in any spelling.
std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view name);
std::string_view jwt_algorithm_name(JwtAlgorithm algorithm);
// The type and the curve of the algorithm's keys.
JwkType jwt_key_type(JwtAlgorithm algorithm);
JwkCurve jwt_key_curve(JwtAlgorithm algorithm);
// Bytes of the algorithm's digest; 64 for EdDSA.
size_t jwt_digest_size(JwtAlgorithm algorithm);

struct PkeyFree {
  void operator()(evp_pkey_st* key) const;
};
using PkeyPtr = std::unique_ptr<evp_pkey_st, PkeyFree>;

struct Jwk {
  std::optional<std::string> kid;
  JwkType type = JwkType::oct;
  JwkCurve curve = JwkCurve::none;
  std::optional<JwtAlgorithm> algorithm;  // of the JWK; absent: every algorithm for its type
  PkeyPtr key;                            // public key; null for oct
  Secret secret;                          // oct only
  size_t secret_size = 0;                 // bytes of `secret`
  std::string modulus;                    // rsa only: big-endian, no leading zero
  // SHA-256 over type, curve and key material: the same for one key under any kid and algorithm.
  std::array<unsigned char, 32> fingerprint{};

  // Whether a token with this algorithm may be verified with the key.
  bool allows(JwtAlgorithm wanted) const;
};

constexpr size_t kMaxJwksPerSet = 64;

// Why a key is for something else than the signatures that we verify: an unknown kty, crv or alg, a `use`
// other than sig, `key_ops` without verify. Nullopt: it is one of ours, which may still be broken. A private
// key of a known kty is never for something else: it has to be reported. RFC 7517 section 5.
std::optional<std::string> why_unusable(const json_t* key);
enum class UnusableJwks : uint8_t { rejected, ignored };

// Reads a JWK Set, {"keys":[...]}, or the list alone. `set` is used during the call only; read it with
// JSON_REJECT_DUPLICATES. An error has the key's JSON pointer under `pointer` ("/keys/0/alg"). Errors: no key
// or more than kMaxJwksPerSet; another kty, crv or alg; an alg that does not fit the key; values that are not
// canonical base64url (RFC 7518 section 2); oct keys shorter than the hash (section 3.2); RSA under 2048 or
// over 16384 bits or with an even or small modulus or exponent; points off their curve or of small order;
// private keys; `use` other than sig; `key_ops` without verify (RFC 7517 section 4); two keys with one kid.
// Unknown members such as x5c are ignored (RFC 7517 section 4).
// With UnusableJwks::ignored, keys with a why_unusable() are no errors, as long as another key is left.
Result<std::vector<Jwk>> read_jwks(const json_t* set, const std::string& pointer = {},
                                   UnusableJwks unusable = UnusableJwks::rejected);
// The same from text; duplicate members are errors.
Result<std::vector<Jwk>> parse_jwks(std::string_view text, UnusableJwks unusable = UnusableJwks::rejected);

// Converts a public key in PEM to a JWK as JSON text that parse_jwks() reads within a list: a
// SubjectPublicKeyInfo, PKCS #1, or a certificate, of which only the key is used. Errors: a private key, more
// than one object, a key that does not fit the algorithm, and all errors of read_jwks().
Result<std::string> jwk_from_pem(std::string_view pem, JwtAlgorithm algorithm,
                                 const std::optional<std::string>& kid);
// The same for a shared secret, which is all of the bytes. Errors: those of read_jwks(), and the text of a
// key (PEM, JWK): everyone who has that public key could sign with it.
Result<std::string> jwk_from_secret(std::string_view secret, JwtAlgorithm algorithm,
                                    const std::optional<std::string>& kid);

}  // namespace tablegate::core
