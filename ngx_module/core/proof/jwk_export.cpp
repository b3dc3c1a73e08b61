// Converts PEM and secrets to JWK text. The result is checked with read_jwks(),
// so that nothing is stored that nginx would reject.
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>

#include "core/manifest/manifest_object.hpp"
#include "core/openssl.hpp"
#include "core/proof/jwk.hpp"
#include "core/proof/jwk_key.hpp"
#include "core/text/base64.hpp"

namespace tablegate::core {

namespace {

using X509Ptr = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using DecoderPtr = std::unique_ptr<OSSL_DECODER_CTX, OpenSslFree<OSSL_DECODER_CTX_free>>;

using Members = std::vector<std::pair<const char*, std::string>>;

struct MallocFree {
  void operator()(char* text) const { free(text); }  // NOLINT: jansson's memory is malloc's
};

// The JWK of these members, checked.
Result<std::string> finish(const Members& members, JwtAlgorithm algorithm,
                           const std::optional<std::string>& kid) {
  const JsonPtr list(json_array());
  json_t* const jwk = json_object();
  if (json_array_append_new(list.get(), jwk) != 0) return Error{"cannot be read: no memory", {}};
  auto set = [jwk](const char* name, std::string_view value) {
    return json_object_set_new(jwk, name, json_stringn(value.data(), value.size())) == 0;
  };
  bool done = true;
  for (const auto& [name, value] : members) done = done && set(name, value);
  if (done) done = set("alg", jwt_algorithm_name(algorithm));
  if (done && kid) {
    if (!set("kid", *kid)) return Error{"is not valid UTF-8", "kid"};
  }
  if (!done) return Error{"cannot be read: no memory", {}};
  const Result<std::vector<Jwk>> read = read_jwks(list.get());
  if (!read) return Error{read.error().message, read.error().where == "/0/kid" ? "kid" : ""};
  const std::unique_ptr<char, MallocFree> text(json_dumps(jwk, JSON_COMPACT));
  if (!text) return Error{"cannot be read: no memory", {}};
  return std::string(text.get());
}

std::string big_endian(const EVP_PKEY* key, const char* name, size_t size) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
  const BnPtr value(raw);
  const size_t least = static_cast<size_t>(BN_num_bytes(raw));
  std::string out(std::max(least, size), '\0');
  if (BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) < 0)
    return {};
  return out;
}

PkeyPtr read_pem(std::string_view pem) {
  EVP_PKEY* key = nullptr;
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (pem.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos) {
    const X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    return PkeyPtr(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
  }
  const DecoderPtr decoder(
      OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", nullptr, nullptr, EVP_PKEY_PUBLIC_KEY, nullptr, nullptr));
  if (!decoder || OSSL_DECODER_from_bio(decoder.get(), bio.get()) != 1) return nullptr;
  return PkeyPtr(key);
}

// Empty: the key's type is not the algorithm's.
Members members_of(const EVP_PKEY* key, JwtAlgorithm algorithm) {
  const JwkCurve curve = jwt_key_curve(algorithm);
  switch (jwt_key_type(algorithm)) {
    case JwkType::rsa:
      if (EVP_PKEY_is_a(key, "RSA") != 1) return {};
      return {{"kty", "RSA"},
              {"n", base64url_encode(big_endian(key, OSSL_PKEY_PARAM_RSA_N, 0))},
              {"e", base64url_encode(big_endian(key, OSSL_PKEY_PARAM_RSA_E, 0))}};
    case JwkType::ec: {
      std::array<char, 64> group{};
      if (EVP_PKEY_is_a(key, "EC") != 1 ||
          EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1 ||
          std::string_view(group.data()) != ec_group_name(curve)) {
        return {};
      }
      const size_t size = ec_coordinate_size(curve);
      const char* name = curve == JwkCurve::p256 ? "P-256" : curve == JwkCurve::p384 ? "P-384" : "P-521";
      return {{"kty", "EC"},
              {"crv", name},
              {"x", base64url_encode(big_endian(key, OSSL_PKEY_PARAM_EC_PUB_X, size))},
              {"y", base64url_encode(big_endian(key, OSSL_PKEY_PARAM_EC_PUB_Y, size))}};
    }
    case JwkType::okp: {
      std::string point(32, '\0');
      size_t size = point.size();
      if (EVP_PKEY_is_a(key, "ED25519") != 1 ||
          EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(point.data()), &size) != 1) {
        return {};
      }
      return {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base64url_encode(point)}};
    }
    case JwkType::oct:
      return {};
  }
  return {};
}

}  // namespace

Result<std::string> jwk_from_pem(std::string_view pem, JwtAlgorithm algorithm,
                                 const std::optional<std::string>& kid) {
  constexpr size_t kMaxPem = 64 * 1024;
  constexpr std::string_view kBegin = "-----BEGIN ";
  const std::string name(jwt_algorithm_name(algorithm));
  if (jwt_key_type(algorithm) == JwkType::oct) {
    return Error{name + " takes a shared secret, never a public key", {}};
  }
  const size_t first = pem.find(kBegin);
  if (first == std::string_view::npos || pem.size() > kMaxPem)
    return Error{"is not a PEM file of a public key", {}};
  if (pem.find("PRIVATE KEY-----") != std::string_view::npos) {
    return Error{"is a private key: give only the public key (openssl pkey -in FILE -pubout)", {}};
  }
  if (pem.find(kBegin, first + 1) != std::string_view::npos)
    return Error{"has more than one key or certificate", {}};
  const PkeyPtr key = read_pem(pem);
  ERR_clear_error();
  if (!key) return Error{"is not a PEM file of a public key that OpenSSL can read", {}};
  const Members members = members_of(key.get(), algorithm);
  if (members.empty()) return Error{"is not a key for " + name, {}};
  return finish(members, algorithm, kid);
}

Result<std::string> jwk_from_secret(std::string_view secret, JwtAlgorithm algorithm,
                                    const std::optional<std::string>& kid) {
  if (jwt_key_type(algorithm) != JwkType::oct) {
    return Error{std::string(jwt_algorithm_name(algorithm)) + " takes a public key, never a shared secret",
                 {}};
  }
  return finish({{"kty", "oct"}, {"k", base64url_encode(secret)}}, algorithm, kid);
}

}  // namespace tablegate::core
