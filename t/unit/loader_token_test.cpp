// The tokens of `api call` are accepted by the gateway's own verifier: every
// type of key, from PEM and from a private JWK, with the setting's conditions.

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

#include "base/refusal.hpp"
#include "cli/api/token_maker.hpp"
#include "compile/credentials_writer.hpp"
#include "compile/manifest_line.hpp"
#include "compile/manifest_writer.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "core/proof/jwt.hpp"
#include "core/text/base64.hpp"

#include "loader_testing.hpp"  // last: see there

using tablegate::core::JwtAlgorithm;
using tablegate::loader::JwtEntry;
using tablegate::loader::Refused;
using tablegate::loader::TokenKey;

using tablegate::loader::testing::same_text;

namespace {

constexpr int64_t kNow = 1'800'000'000;

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string pem_of(EVP_PKEY* key, bool is_private) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  ck_assert_int_eq(is_private
                       ? PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr)
                       : PEM_write_bio_PUBKEY(out.get(), key),
                   1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(size)};
}

std::string number_of(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  ck_assert_int_eq(EVP_PKEY_get_bn_param(key, name, &number), 1);
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(number);
  return tablegate::core::base64url_encode(bytes);
}

JwtEntry setting_of(const std::string& jwk) {
  JwtEntry setting;
  setting.source_in = "header";
  setting.source_name = "Authorization";
  setting.source_prefix = "Bearer";
  setting.issuer = "https://issuer";
  setting.audience = "api";
  setting.claim_name = "uid";
  setting.claim_value = "zo\"e";
  setting.require_exp = true;
  setting.keys = "[" + jwk + "]";
  return setting;
}

// Whether the gateway accepts the token at `now`.
tablegate::core::Slug verdict(const JwtEntry& setting, const std::string& token, int64_t now) {
  using namespace tablegate::loader;
  ManifestContents contents;
  contents.gateway = "g";
  const std::string text = write_manifest(contents);
  const std::string credentials = write_credentials(
      "g", {digest_of_lines({})}, credentials_lines({}, {{"zoe", true, {}, {}, {}, setting}}));
  const auto manifest = tablegate::core::read_manifest(text, credentials);
  ck_assert_msg(static_cast<bool>(manifest), "%s", manifest ? "" : manifest.error().text().c_str());
  tablegate::core::JwtVerifier verifier(**manifest);
  tablegate::core::BlockArena arena;
  tablegate::core::JwtProof proof;
  return verifier.verify(0, token, now, arena, proof).slug;
}

void accepted(const JwtEntry& setting, TokenKey key) {
  using tablegate::core::Slug;
  key.match(setting, "zoe");
  const std::string token = key.make_token(&setting, kNow);
  ck_assert_int_eq(static_cast<int>(verdict(setting, token, kNow + 299)), static_cast<int>(Slug::none));
  ck_assert_int_eq(static_cast<int>(verdict(setting, token, kNow + 300 + 61)),
                   static_cast<int>(Slug::expired_credential));
  const std::string bare = key.make_token(nullptr, kNow);
  ck_assert_int_eq(static_cast<int>(verdict(setting, bare, kNow)),
                   static_cast<int>(Slug::invalid_credential));
}

std::string refusal(const std::string& text) {
  try {
    TokenKey::read(text, "key.txt");
  } catch (const Refused& refused) {
    return refused.what();
  }
  return "(accepted)";
}

JwtEntry setting_for(EVP_PKEY* key, JwtAlgorithm algorithm, const std::optional<std::string>& kid) {
  const auto jwk = tablegate::core::jwk_from_pem(pem_of(key, false), algorithm, kid);
  ck_assert_msg(static_cast<bool>(jwk), "%s", jwk ? "" : jwk.error().text().c_str());
  return setting_of(*jwk);
}

START_TEST(rsa) {
  const KeyPtr key(EVP_RSA_gen(2048), &EVP_PKEY_free);
  for (const JwtAlgorithm algorithm :
       {JwtAlgorithm::rs256, JwtAlgorithm::rs512, JwtAlgorithm::ps256, JwtAlgorithm::ps384}) {
    accepted(setting_for(key.get(), algorithm, "k1"), TokenKey::read(pem_of(key.get(), true), "key.pem"));
  }
  const std::string jwk = R"({"kty":"RSA","alg":"RS384","n":")" +
                          number_of(key.get(), OSSL_PKEY_PARAM_RSA_N) + R"(","e":"AQAB","d":")" +
                          number_of(key.get(), OSSL_PKEY_PARAM_RSA_D) + "\"}";
  accepted(setting_for(key.get(), JwtAlgorithm::rs384, std::nullopt), TokenKey::read(jwk, "key.json"));
}
END_TEST

START_TEST(curves) {
  const struct {
    const char* curve;
    JwtAlgorithm algorithm;
  } kCases[] = {
      {"P-256", JwtAlgorithm::es256}, {"P-384", JwtAlgorithm::es384}, {"P-521", JwtAlgorithm::es512}};
  for (const auto& item : kCases) {
    const KeyPtr key(EVP_EC_gen(item.curve), &EVP_PKEY_free);
    // More than one, because about every 128th r or s is a byte shorter.
    for (int i = 0; i < 8; ++i)
      accepted(setting_for(key.get(), item.algorithm, std::nullopt),
               TokenKey::read(pem_of(key.get(), true), "key.pem"));
  }
  const KeyPtr ed25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  accepted(setting_for(ed25519.get(), JwtAlgorithm::eddsa, "e"),
           TokenKey::read(pem_of(ed25519.get(), true), "key.pem"));
}
END_TEST

START_TEST(private_jwks) {
  // RFC 7515 appendix A.3.1.
  const std::string point =
      R"("kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
  accepted(
      setting_of("{" + point + "}"),
      TokenKey::read("{" + point + R"(,"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"})", "key.json"));
  // RFC 8037 appendix A.1.
  const std::string edwards =
      R"("kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";
  accepted(
      setting_of("{" + edwards + R"(,"kid":"ed"})"),
      TokenKey::read("{" + edwards + R"(,"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"})", "key.json"));
  const std::string oct = R"({"kty":"oct","kid":"s","alg":"HS512","k":")" +
                          tablegate::core::base64url_encode(std::string(64, 'k')) + "\"}";
  accepted(setting_of(oct), TokenKey::read(oct, "key.json"));
  accepted(setting_of(oct), TokenKey::symmetric(setting_of(oct), "zoe"));
}
END_TEST

START_TEST(refused) {
  const KeyPtr key(EVP_EC_gen("P-256"), &EVP_PKEY_free), other(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const JwtEntry setting = setting_for(key.get(), JwtAlgorithm::es256, std::nullopt);
  const auto says = [](const std::string& said, const char* part) {
    ck_assert_msg(said.find(part) != std::string::npos, "no \"%s\" in \"%s\"", part, said.c_str());
  };
  try {
    TokenKey::read(pem_of(other.get(), true), "key.pem").match(setting, "zoe");
    ck_abort_msg("another key was matched");
  } catch (const Refused& refused) {
    says(refused.what(), "has no key that matches this private key");
  }
  try {
    TokenKey::symmetric(setting, "zoe");
    ck_abort_msg("a public key made a token");
  } catch (const Refused& refused) {
    says(refused.what(), "only public keys");
  }
  says(refusal(pem_of(key.get(), false)), "key.txt holds no private key");
  says(refusal("{"), "key.txt is not a private JWK");
  says(refusal("[]"), "key.txt is not a private JWK");
  says(refusal(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})"), "/d is missing or not base64url");
  says(refusal(R"({"kty":"EC","crv":"secp256k1"})"), "/crv");
  says(refusal(R"({"kty":"RSA","n":"!","e":"AQAB"})"), "/n is missing or not base64url");
  says(refusal(R"({"kty":"oct"})"), "/k is missing");
  const KeyPtr x25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"), &EVP_PKEY_free);
  // Of the same size as P-256.
  const KeyPtr koblitz(EVP_EC_gen("secp256k1"), &EVP_PKEY_free);
  says(refusal(pem_of(koblitz.get(), true)), "a key of this type or curve cannot sign tokens");
  says(refusal(pem_of(x25519.get(), true)), "a key of this type or curve cannot sign tokens");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_token", rsa, curves, private_jwks, refused);
