#include "cli/api/token_maker.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <vector>

#include "base/json_text.hpp"
#include "base/refusal.hpp"
#include "cli/output.hpp"
#include "core/text/base64.hpp"

namespace tablegate::loader {
namespace {

constexpr int64_t kLifetime = 300;  // seconds

using core::JwtAlgorithm;
using core::PkeyPtr;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using NumberPtr = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;
using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());  // NOLINT: characters as bytes
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());  // NOLINT: characters as bytes
}

[[noreturn]] void failed() {
  throw SystemFailure("OpenSSL could not sign the token");
}

// The algorithm that a key of this type signs with when nothing else is said.
JwtAlgorithm natural_algorithm(EVP_PKEY* key, const std::string& file) {
  const int type = EVP_PKEY_base_id(key);
  if (type == EVP_PKEY_RSA) return JwtAlgorithm::rs256;
  if (type == EVP_PKEY_ED25519) return JwtAlgorithm::eddsa;
  std::array<char, 64> group{};
  if (type == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1) {
    const std::string_view name = group.data();
    if (name == "prime256v1") return JwtAlgorithm::es256;
    if (name == "secp384r1") return JwtAlgorithm::es384;
    if (name == "secp521r1") return JwtAlgorithm::es512;
  }
  throw Refused(
      fmt::format(
          "{}: a key of this type or curve cannot sign tokens: RSA, P-256, P-384, P-521 and Ed25519 can",
          file),
      Hint::again().set("--credential", "FILE"));
}

int no_passphrase(char*, int, int, void*) noexcept {
  return -1;
}

PkeyPtr read_pem(const std::string& text, const std::string& file) {
  const BioPtr source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  PkeyPtr key(source ? PEM_read_bio_PrivateKey(source.get(), nullptr, &no_passphrase, nullptr) : nullptr);
  if (!key) throw Refused(fmt::format("{} holds no private key that is readable without a passphrase", file));
  return key;
}

// Builds OpenSSL's parameters of a private key from the members of a JWK.
class KeyBuilder {
 public:
  KeyBuilder(const JsonValue& jwk, const std::string& file) : jwk_(jwk), file_(file) {}

  void number(const char* parameter, const char* member) {
    const std::string bytes = decoded(member);
    numbers_.emplace_back(
        BN_bin2bn(bytes_of(std::string_view(bytes)), static_cast<int>(bytes.size()), nullptr),
        &BN_clear_free);
    if (!numbers_.back() || OSSL_PARAM_BLD_push_BN(builder_.get(), parameter, numbers_.back().get()) != 1)
      failed();
  }
  void octets(const char* parameter, std::string bytes) {
    octets_.push_back(std::make_unique<std::string>(std::move(bytes)));
    if (OSSL_PARAM_BLD_push_octet_string(builder_.get(), parameter, octets_.back()->data(),
                                         octets_.back()->size()) != 1)
      failed();
  }
  void text(const char* parameter, const char* value) {
    if (OSSL_PARAM_BLD_push_utf8_string(builder_.get(), parameter, value, 0) != 1) failed();
  }
  std::string decoded(const char* member) const {
    std::optional<std::string> bytes = core::base64url_decode(json_member(jwk_, member));
    if (!bytes || bytes->empty())
      throw Refused(
          fmt::format("{}: /{} is missing or not base64url: a private JWK is expected", file_, member));
    return std::move(*bytes);
  }
  PkeyPtr build(const char* type) {
    const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(
        OSSL_PARAM_BLD_to_param(builder_.get()), &OSSL_PARAM_free);
    const ContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY* made = nullptr;
    const bool done = parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters.get()) == 1;
    PkeyPtr key(made);
    if (!done) throw Refused(fmt::format("{}: OpenSSL rejects this JWK", file_));
    return key;
  }

 private:
  const JsonValue& jwk_;
  const std::string& file_;
  std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder_{OSSL_PARAM_BLD_new(),
                                                                           &OSSL_PARAM_BLD_free};
  std::vector<NumberPtr> numbers_;
  std::vector<std::unique_ptr<std::string>> octets_;  // as many as there are, never moved
};

PkeyPtr read_private_jwk(const JsonValue& jwk, const std::string& file) {
  KeyBuilder builder(jwk, file);
  const std::string type = json_member(jwk, "kty"), curve = json_member(jwk, "crv");
  if (type == "RSA") {
    builder.number(OSSL_PKEY_PARAM_RSA_N, "n");
    builder.number(OSSL_PKEY_PARAM_RSA_E, "e");
    builder.number(OSSL_PKEY_PARAM_RSA_D, "d");
    return builder.build("RSA");
  }
  if (type == "EC") {
    // RFC 7518 section 6.2.1.1 and what OpenSSL calls them.
    if (curve != "P-256" && curve != "P-384" && curve != "P-521")
      throw Refused(fmt::format("{}: /crv \"{}\" is none of P-256, P-384, P-521", file, curve));
    builder.text(OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str());
    builder.octets(OSSL_PKEY_PARAM_PUB_KEY, "\x04" + builder.decoded("x") + builder.decoded("y"));
    builder.number(OSSL_PKEY_PARAM_PRIV_KEY, "d");
    return builder.build("EC");
  }
  if (type == "OKP" && curve == "Ed25519") {
    builder.octets(OSSL_PKEY_PARAM_PRIV_KEY, builder.decoded("d"));
    return builder.build("ED25519");
  }
  throw Refused(fmt::format("{}: a JWK with kty \"{}\" cannot sign tokens", file, type));
}

const EVP_MD* digest_of(JwtAlgorithm algorithm) {
  if (algorithm == JwtAlgorithm::eddsa) return nullptr;
  const size_t size = core::jwt_digest_size(algorithm);
  return size == 32 ? EVP_sha256() : size == 48 ? EVP_sha384() : EVP_sha512();
}

bool is_pss(JwtAlgorithm algorithm) {
  return algorithm == JwtAlgorithm::ps256 || algorithm == JwtAlgorithm::ps384 ||
         algorithm == JwtAlgorithm::ps512;
}

// RFC 7518 section 3.4: r and s side by side, each as long as the curve's order.
std::string plain_signature(const std::string& der, int bits) {
  const unsigned char* at = bytes_of(std::string_view(der));
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
  const int size = (bits + 7) / 8;
  std::string plain(2 * static_cast<size_t>(size), '\0');
  if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes_of(plain), size) != size ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes_of(plain) + size, size) != size)
    failed();
  return plain;
}

std::vector<core::Jwk> parse_keys(const std::string& list) {
  auto keys = core::parse_jwks(list);
  if (!keys) throw Refused("the key cannot be used for tokens: " + keys.error().text());
  return std::move(*keys);
}

}  // namespace

TokenKey TokenKey::read(const std::string& text, const std::string& file) {
  TokenKey key;
  JsonDocument jwk;
  if (text.find("-----BEGIN") != std::string::npos) {
    key.key_ = read_pem(text, file);
  } else if (const TextFault fault = parse_json(text, jwk); !fault.empty() || !jwk.IsObject()) {
    throw Refused(fmt::format("{} is not a private JWK{}", file, fault.empty() ? "" : ": " + fault.text()));
  } else {
    key.kid_ = json_member(jwk, "kid");
    if (json_member(jwk, "kty") == "oct") {
      key.secret_ = core::base64url_decode(json_member(jwk, "k")).value_or("");
      if (key.secret_.empty()) throw Refused(file + ": /k is missing or not base64url");
    } else {
      key.key_ = read_private_jwk(jwk, file);
    }
  }
  if (key.key_) key.algorithm_ = natural_algorithm(key.key_.get(), file);
  if (const auto named = core::parse_jwt_algorithm(jwk.IsObject() ? json_member(jwk, "alg") : "")) {
    key.algorithm_ = *named;
    key.algorithm_given_ = true;
  }
  return key;
}

TokenKey TokenKey::symmetric(const JwtEntry& setting, const std::string& consumer) {
  JsonDocument list;
  parse_json(setting.keys, list);
  for (const JsonValue& jwk : list.GetArray()) {
    if (json_member(jwk, "kty") == "oct") return read(json_text(jwk), "the JWT setting of " + consumer);
  }
  throw Refused(fmt::format("the JWT setting of consumer \"{}\" has only public keys, which cannot sign a "
                            "token: --credential takes a file with the "
                            "private key (PEM or JWK) or a token",
                            consumer),
                Hint::again().set("--credential", "FILE"));
}

std::string TokenKey::public_jwk() const {
  if (!key_) return fmt::format(R"([{{"kty":"oct","k":"{}"}}])", core::base64url_encode(secret_));
  const BioPtr target(BIO_new(BIO_s_mem()), &BIO_free);
  if (!target || PEM_write_bio_PUBKEY(target.get(), key_.get()) != 1) failed();
  char* text = nullptr;
  const long size = BIO_get_mem_data(target.get(), &text);
  const auto jwk = core::jwk_from_pem({text, static_cast<size_t>(size)}, algorithm_, std::nullopt);
  if (!jwk) throw Refused("the key cannot be used for tokens: " + jwk.error().text());
  return "[" + *jwk + "]";
}

void TokenKey::match(const JwtEntry& setting, const std::string& consumer) {
  const std::vector<core::Jwk> own = parse_keys(public_jwk());
  for (const core::Jwk& candidate : parse_keys(setting.keys)) {
    if (candidate.fingerprint != own.front().fingerprint) continue;
    if (candidate.algorithm && !algorithm_given_) algorithm_ = *candidate.algorithm;
    if (!candidate.allows(algorithm_)) continue;
    kid_ = candidate.kid.value_or("");
    return;
  }
  throw Refused(
      fmt::format("the JWT setting of consumer \"{}\" has no key that matches this private key", consumer),
      Hint::command({"consumer", "show", consumer}));
}

std::string TokenKey::sign(std::string_view text) const {
  if (!key_) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    if (HMAC(digest_of(algorithm_), secret_.data(), static_cast<int>(secret_.size()), bytes_of(text),
             text.size(), mac.data(), &size) == nullptr)
      failed();
    return {reinterpret_cast<const char*>(mac.data()), size};  // NOLINT: bytes as characters
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* settings = nullptr;
  if (!context ||
      EVP_DigestSignInit(context.get(), &settings, digest_of(algorithm_), nullptr, key_.get()) != 1)
    failed();
  if (is_pss(algorithm_) && (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) != 1 ||
                             EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) != 1))
    failed();
  size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) != 1) failed();
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(text), text.size()) != 1) failed();
  signature.resize(size);
  return EVP_PKEY_base_id(key_.get()) == EVP_PKEY_EC ? plain_signature(signature, EVP_PKEY_bits(key_.get()))
                                                     : signature;
}

std::string TokenKey::make_token(const JwtEntry* setting, int64_t now) const {
  JsonOutput header, claims;
  header.begin_object().key("alg").text(core::jwt_algorithm_name(algorithm_)).key("typ").text("JWT");
  if (!kid_.empty()) header.key("kid").text(kid_);
  header.end_object();
  claims.begin_object().key("iat").number(now).key("exp").number(now + kLifetime);
  if (setting != nullptr) {
    if (!setting->issuer.empty()) claims.key("iss").text(setting->issuer);
    if (!setting->audience.empty()) claims.key("aud").text(setting->audience);
    const bool doubled = (setting->claim_name == "iss" && !setting->issuer.empty()) ||
                         (setting->claim_name == "aud" && !setting->audience.empty());
    if (!setting->claim_name.empty() && !doubled) claims.key(setting->claim_name).text(setting->claim_value);
  }
  claims.end_object();
  std::string token = core::base64url_encode(header.take()) + "." + core::base64url_encode(claims.take());
  return token + "." + core::base64url_encode(sign(token));
}

}  // namespace tablegate::loader
