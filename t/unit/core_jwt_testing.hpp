// Shared by the unit tests of tokens: keys made by OpenSSL that can sign, their
// JWKs, tokens with any header and payload, and manifests of consumers with
// keys.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>

#include "core/openssl.hpp"
#include "core/proof/jwk_key.hpp"
#include "core/proof/jwt.hpp"
#include "core/text/base64.hpp"
#include "core_testing.hpp"

namespace tablegate::core::testing {

inline const std::array<JwtAlgorithm, kJwtAlgorithms>& all_algorithms() {
  static const std::array<JwtAlgorithm, kJwtAlgorithms> all = [] {
    std::array<JwtAlgorithm, kJwtAlgorithms> out{};
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<JwtAlgorithm>(i);
    return out;
  }();
  return all;
}

// A key pair or a secret for an algorithm.
class SigningKey {
 public:
  explicit SigningKey(JwtAlgorithm algorithm, unsigned rsa_bits = 2048) : algorithm_(algorithm) {
    switch (jwt_key_type(algorithm)) {
      case JwkType::oct:
        secret_ = std::string(jwt_digest_size(algorithm), '\0');
        for (size_t i = 0; i < secret_.size(); ++i) secret_[i] = static_cast<char>(i * 37 + 11 + ++made());
        break;
      case JwkType::rsa:
        key_ = make_rsa(rsa_bits);
        break;
      case JwkType::ec:
        key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", ec_group_name(jwt_key_curve(algorithm))));
        break;
      case JwkType::okp:
        key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
        break;
    }
    ck_assert(key_ != nullptr || !secret_.empty());
  }
  SigningKey(JwtAlgorithm algorithm, std::string secret)
      : algorithm_(algorithm), secret_(std::move(secret)) {}
  SigningKey(JwtAlgorithm algorithm, PkeyPtr key) : algorithm_(algorithm), key_(std::move(key)) {}

  JwtAlgorithm algorithm() const { return algorithm_; }
  EVP_PKEY* pkey() const { return key_.get(); }
  const std::string& secret() const { return secret_; }

  std::string public_pem() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    ck_assert_int_eq(PEM_write_bio_PUBKEY(bio.get(), key_.get()), 1);
    return text_of(bio.get());
  }
  std::string private_pem() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    ck_assert_int_eq(PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr),
                     1);
    return text_of(bio.get());
  }
  std::string public_der() const {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    ck_assert_int_gt(size, 0);
    std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    return out;
  }

  // The public JWK with `alg`, and with `kid` when it is not empty.
  std::string jwk(const std::string& kid = {}) const {
    const std::optional<std::string> id = kid.empty() ? std::nullopt : std::optional(kid);
    Result<std::string> out =
        key_ ? jwk_from_pem(public_pem(), algorithm_, id) : jwk_from_secret(secret_, algorithm_, id);
    ck_assert_msg(static_cast<bool>(out), "%s", out ? "" : out.error().text().c_str());
    return *out;
  }
  // The same without `alg`: any algorithm of its type.
  std::string jwk_without_alg() const {
    std::string text = jwk();
    const std::string member = ",\"alg\":\"" + std::string(jwt_algorithm_name(algorithm_)) + "\"";
    const size_t at = text.find(member);
    ck_assert_uint_ne(at, std::string::npos);
    return text.erase(at, member.size());
  }

  // In JWS form: ECDSA as r and s.
  std::string sign(JwtAlgorithm algorithm, const std::string& input) const {
    std::string out = sign_raw(algorithm, input);
    return jwt_key_type(algorithm) == JwkType::ec ? pair_of(out, jwt_key_curve(algorithm)) : out;
  }
  // In OpenSSL's form: ECDSA in DER.
  std::string sign_raw(JwtAlgorithm algorithm, const std::string& input) const {
    static constexpr std::array<const char*, 13> kDigests = {"SHA256", "SHA384", "SHA512", "SHA256", "SHA384",
                                                             "SHA512", "SHA256", "SHA384", "SHA512", "SHA256",
                                                             "SHA384", "SHA512", nullptr};
    const char* digest = kDigests[static_cast<size_t>(algorithm)];
    const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
    std::string out(2048, '\0');
    size_t size = out.size();
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    if (key_ == nullptr) {
      ck_assert_ptr_nonnull(EVP_Q_mac(nullptr, "HMAC", nullptr, digest, nullptr, secret_.data(),
                                      secret_.size(), bytes, input.size(), to, out.size(), &size));
    } else {
      const MdCtxPtr context(EVP_MD_CTX_new());
      EVP_PKEY_CTX* settings = nullptr;
      ck_assert_int_eq(
          EVP_DigestSignInit_ex(context.get(), &settings, digest, nullptr, nullptr, key_.get(), nullptr), 1);
      if (algorithm >= JwtAlgorithm::ps256 && algorithm <= JwtAlgorithm::ps512) {
        EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, pss_salt_);
      }
      ck_assert_int_eq(EVP_DigestSign(context.get(), to, &size, bytes, input.size()), 1);
    }
    out.resize(size);
    return out;
  }
  void set_pss_salt(int bytes) { pss_salt_ = bytes; }

  std::string token(const std::string& header, const std::string& payload) const {
    const std::string input = base64url_encode(header) + "." + base64url_encode(payload);
    return input + "." + base64url_encode(sign(algorithm_, input));
  }
  // With the matching header.
  std::string token(const std::string& payload) const { return token(header(), payload); }
  std::string header(const std::string& kid = {}) const {
    return R"({"alg":")" + std::string(jwt_algorithm_name(algorithm_)) + "\"" +
           (kid.empty() ? "" : R"(,"kid":")" + kid + "\"") + "}";
  }

  static std::string pair_of(const std::string& der, JwkCurve curve) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, OpenSslFree<ECDSA_SIG_free>> signature(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    ck_assert_ptr_nonnull(signature.get());
    const auto half = static_cast<int>(ec_coordinate_size(curve));
    std::string out(static_cast<size_t>(2 * half), '\0');
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), to, half), half);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), to + half, half), half);
    return out;
  }

 private:
  // RSA keys take long to make: six, used in turn.
  static PkeyPtr make_rsa(unsigned bits) {
    static std::array<PkeyPtr, 6> pool;
    static size_t next = 0;
    auto make = [bits] { return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<size_t>(bits)); };
    if (bits != 2048) return PkeyPtr(make());
    PkeyPtr& place = pool[next++ % pool.size()];
    if (!place) place.reset(make());
    EVP_PKEY_up_ref(place.get());
    return PkeyPtr(place.get());
  }
  static size_t& made() {
    static size_t count = 0;
    return count;
  }
  static std::string text_of(BIO* bio) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    return {text, static_cast<size_t>(size)};
  }

  JwtAlgorithm algorithm_;
  PkeyPtr key_;
  std::string secret_;
  int pss_salt_ = RSA_PSS_SALTLEN_DIGEST;
};

// A consumer's line of a manifest; `members` are those of "jwt" beside the keys: R"("issuer":"i",)".
inline std::string jwt_consumer(const std::string& name, const std::string& keys,
                                const std::string& members = {}) {
  return R"({"kind":"consumer","name":")" + name + R"(","enabled":true,"apis":[],"api_keys":[],"jwt":{)" +
         members + R"("keys":[)" + keys + "]}}\n";
}

// A manifest, its verifier, and its results for tokens.
class Proving {
 public:
  explicit Proving(const std::string& consumers)
      : manifest_(good_manifest(consumers)), verifier_(*manifest_) {}

  const Manifest& manifest() const { return *manifest_; }
  JwtVerifier& verifier() { return verifier_; }

  // The consumer's name, or "slug: reason".
  std::string operator()(const std::string& token, int64_t now = 1000, uint32_t source = 0) {
    BlockArena arena;
    const Problem problem = verifier_.verify(source, token, now, arena, proof);
    if (problem) {
      ck_assert(!proof.reason.empty());
      return std::string(problem_kind(problem.slug).name) + ": " + std::string(proof.reason);
    }
    ck_assert(proof.reason.empty());
    return manifest_->consumers[proof.consumer].name;
  }
  // The cost of one token.
  uint64_t cost(const std::string& token, int64_t now = 1000) {
    const uint64_t before = verifier_.verifications();
    (*this)(token, now);
    return verifier_.verifications() - before;
  }

  JwtProof proof;

 private:
  std::unique_ptr<const Manifest> manifest_;
  JwtVerifier verifier_;
};

inline std::string unsigned_token(const std::string& header, const std::string& payload,
                                  const std::string& signature) {
  return base64url_encode(header) + "." + base64url_encode(payload) + "." + base64url_encode(signature);
}

}  // namespace tablegate::core::testing
