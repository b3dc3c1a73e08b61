// core/jwk: which keys are accepted, and the reasons for rejecting others.
#include "core_jwt_testing.hpp"

using namespace tablegate::core;
using testing::SigningKey;

namespace {

std::string refused(const std::string& set) {
  const Result<std::vector<Jwk>> keys = parse_jwks(set);
  return keys ? "accepted" : keys.error().text();
}

std::string refused_key(const std::string& members) {
  return refused("[{" + members + "}]");
}

std::string oct(size_t size, const std::string& more = {}) {
  return R"("kty":"oct","k":")" + base64url_encode(std::string(size, 'k')) + "\"" + more;
}

std::string number(const std::string& big_endian) {
  return "\"" + base64url_encode(big_endian) + "\"";
}

std::string rsa(const std::string& modulus, const std::string& exponent, const std::string& more = {}) {
  return R"("kty":"RSA","n":)" + number(modulus) + ",\"e\":" + number(exponent) + more;
}

const std::string kGoodModulus = "\xC1" + std::string(254, 'm') + "\x01";
const std::string kGoodExponent("\x01\x00\x01", 3);

// RFC 7515 appendix A.3 and RFC 8037 appendix A.2.
constexpr const char* kX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr const char* kY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
constexpr const char* kEd = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

std::string ec(const std::string& more = {}, const std::string& x = kX, const std::string& y = kY,
               const std::string& curve = "P-256") {
  return R"("kty":"EC","crv":")" + curve + R"(","x":")" + x + R"(","y":")" + y + "\"" + more;
}

std::string okp(const std::string& more = {}, const std::string& x = kEd,
                const std::string& curve = "Ed25519") {
  return R"("kty":"OKP","crv":")" + curve + R"(","x":")" + x + "\"" + more;
}

START_TEST(good_keys) {
  const std::string text =
      "{\"keys\":[{" + oct(32, R"(,"kid":"a","alg":"HS256","use":"sig","key_ops":["sign","verify"])") +
      "},{" + rsa(kGoodModulus, kGoodExponent, R"(,"kid":"b")") + "},{" + ec() + "},{" +
      okp(R"(,"kid":"d","alg":"EdDSA","x5c":[1],"x5t":{},"unknown":null)") + "}],\"more\":1}";
  const Result<std::vector<Jwk>> keys = parse_jwks(text);
  ck_assert_msg(static_cast<bool>(keys), "%s", keys ? "" : keys.error().text().c_str());
  ck_assert_uint_eq(keys->size(), 4);
  const Jwk& secret = (*keys)[0];
  ck_assert(secret.type == JwkType::oct && secret.algorithm == JwtAlgorithm::hs256 && !secret.key);
  ck_text_eq(secret.kid.value_or(""), "a");
  ck_text_eq(secret.secret.view(), std::string(32, 'k'));
  ck_assert((*keys)[1].type == JwkType::rsa && !(*keys)[1].algorithm && (*keys)[1].key);
  ck_text_eq((*keys)[1].modulus, kGoodModulus);
  ck_assert((*keys)[2].type == JwkType::ec && (*keys)[2].curve == JwkCurve::p256 && !(*keys)[2].kid);
  ck_assert((*keys)[3].type == JwkType::okp && (*keys)[3].curve == JwkCurve::ed25519);
}
END_TEST

// What Keycloak, Entra ID and newer issuers also publish.
START_TEST(keys_for_something_else_can_be_ignored) {
  const std::string good =
      "{" + rsa(kGoodModulus, kGoodExponent, R"(,"kid":"sig","use":"sig","alg":"RS256")") + "}";
  const std::string others[] = {
      "{" + rsa(kGoodModulus, kGoodExponent, R"(,"kid":"sig","use":"enc","alg":"RSA-OAEP")") + "}",
      "{" + rsa(kGoodModulus, kGoodExponent, R"(,"alg":"RSA-OAEP-256")") + "}",
      "{" + rsa(kGoodModulus, kGoodExponent, R"(,"key_ops":["encrypt"])") + "}",
      "{" + ec(R"(,"alg":"ECDH-ES")") + "}",
      "{" + okp({}, kEd, "X25519") + "}",
      R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA","alg":"ES256K"})",
      R"({"kty":"AKP","alg":"ML-DSA-65","pub":"AA"})",
      R"({"kty":"new kind"})"};
  for (const std::string& other : others) {
    for (const std::string& list : {"[" + other + "," + good + "]", "[" + good + "," + other + "]"}) {
      const Result<std::vector<Jwk>> keys = parse_jwks(list, UnusableJwks::ignored);
      ck_assert_msg(keys && keys->size() == 1, "%s", list.c_str());
      ck_text_eq((*keys)[0].kid.value_or(""), "sig");
      ck_assert(!parse_jwks(list));
    }
    const Result<std::vector<Jwk>> keys = parse_jwks("[" + other + "]", UnusableJwks::ignored);
    ck_assert_msg(!keys && keys.error().message.find("has no key that") == 0, "%s", other.c_str());
  }
  // Broken keys of a kind that is used, and private ones.
  for (const std::string& broken :
       {"{" + rsa(kGoodModulus, kGoodExponent, R"(,"alg":"HS256")") + "}",
        R"({"kty":"RSA","n":"AQ","e":"AQAB"})" + std::string(),
        "{" + rsa(kGoodModulus, kGoodExponent, R"(,"use":"enc","d":"AQ")") + "}",
        R"({"kty":5})" + std::string(), "{" + rsa(kGoodModulus, kGoodExponent, R"(,"use":1)") + "}",
        std::string("{}"), std::string("1")}) {
    ck_assert_msg(!parse_jwks("[" + good + "," + broken + "]", UnusableJwks::ignored), "%s", broken.c_str());
  }
}
END_TEST

START_TEST(what_is_no_key_set) {
  ck_text_eq(refused(""), "line 1: is not JSON");
  ck_text_eq(refused("{\"keys\":[{\"k\":\"topsecret\"}"), "line 1: is not JSON");  // and does not quote it
  ck_text_eq(refused("[{" + oct(32) + ",\"kty\":\"oct\"}]"), "line 1: is not JSON");
  ck_text_eq(refused("1"), "line 1: is not JSON");
  ck_text_eq(refused("{}"), "/keys: is missing: a JWK Set is {\"keys\": [...]}");
  ck_text_eq(refused("{\"keys\":{}}"), "/keys: must be a list of keys");
  ck_text_eq(refused("{" + oct(32) + "}"), "/keys: is missing: a JWK Set is {\"keys\": [...]}");
  ck_text_eq(refused("[]"), "has no key");
  ck_text_eq(refused("{\"keys\":[]}"), "/keys: has no key");
  ck_text_eq(refused("{\"keys\":[1]}"), "/keys/0: must be an object");
  ck_text_eq(refused("[\"x\"]"), "/0: must be an object");
  ck_text_eq(refused_key(""), "/0/kty: is missing");
  std::string many;
  for (size_t i = 0; i <= kMaxJwksPerSet; ++i) many += "{" + oct(32) + "},";
  many.pop_back();
  ck_text_eq(refused("[" + many + "]"), "has more than 64 keys");
}
END_TEST

START_TEST(members_of_every_key) {
  ck_text_eq(refused_key(R"("kty":"oct ")"), "/0/kty: must be oct, RSA, EC or OKP");
  ck_text_eq(refused_key(R"("kty":"rsa")"), "/0/kty: must be oct, RSA, EC or OKP");
  ck_text_eq(refused_key(R"("kty":1)"), "/0/kty: must be a string");
  ck_text_eq(refused_key(oct(32, R"(,"kid":1)")), "/0/kid: must be a string");
  ck_text_eq(refused_key(oct(32, R"(,"kid":"")")),
             "/0/kid: must be 1 to 256 bytes without control characters");
  ck_text_eq(refused_key(oct(32, R"(,"kid":"a\nb")")),
             "/0/kid: must be 1 to 256 bytes without control characters");
  ck_text_eq(refused_key(oct(32, R"(,"kid":")" + std::string(257, 'k') + "\"")),
             "/0/kid: must be 1 to 256 bytes without control characters");
  ck_text_eq(refused_key(oct(32, R"(,"use":"enc")")),
             "/0/use: must be sig: a key with another use must not verify signatures");
  ck_text_eq(refused_key(ec(R"(,"use":"Sig")")),
             "/0/use: must be sig: a key with another use must not verify signatures");
  ck_text_eq(refused_key(ec(R"(,"use":null)")), "/0/use: must be a string");
  ck_text_eq(refused_key(ec(R"(,"key_ops":[])")), "/0/key_ops: must name verify");
  ck_text_eq(refused_key(ec(R"(,"key_ops":["sign"])")), "/0/key_ops: must name verify");
  ck_text_eq(refused_key(ec(R"(,"key_ops":["encrypt","wrapKey"])")), "/0/key_ops: must name verify");
  ck_text_eq(refused_key(ec(R"(,"key_ops":"verify")")), "/0/key_ops: must be a list of strings");
  ck_text_eq(refused_key(ec(R"(,"key_ops":["verify",1])")), "/0/key_ops: must be a list of strings");
  ck_text_eq(refused_key(ec(R"(,"key_ops":["verify","verify"])")), "/0/key_ops: repeats an operation");
  const std::string algorithms =
      "/0/alg: must be one of HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA";
  for (const char* other : {"none", "RSA-OAEP", "hs256", "ES256K", "Ed25519", "A128KW", ""}) {
    ck_text_eq(refused_key(oct(64, R"(,"alg":")" + std::string(other) + "\"")), algorithms);
  }
  ck_text_eq(refused_key(oct(64, R"(,"alg":["HS256"])")), "/0/alg: must be a string");
  const std::string unfit = "/0/alg: is not an algorithm for this type of key";
  ck_text_eq(refused_key(oct(64, R"(,"alg":"RS256")")), unfit);
  ck_text_eq(refused_key(rsa(kGoodModulus, kGoodExponent, R"(,"alg":"HS256")")), unfit);
  ck_text_eq(refused_key(rsa(kGoodModulus, kGoodExponent, R"(,"alg":"ES256")")), unfit);
  ck_text_eq(refused_key(ec(R"(,"alg":"ES384")")), unfit);
  ck_text_eq(refused_key(ec(R"(,"alg":"HS256")")), unfit);
  ck_text_eq(refused_key(okp(R"(,"alg":"ES256")")), unfit);
  ck_text_eq(refused("{\"keys\":[{" + oct(32, R"(,"kid":"a")") + "},{" + ec(R"(,"kid":"b")") + "},{" +
                     okp(R"(,"kid":"a")") + "}]}"),
             "/keys/2/kid: is the kid of another key of the set");
  ck_text_eq(refused("[{" + oct(32) + "},{" + oct(33) + "}]"), "accepted");
}
END_TEST

START_TEST(private_keys) {
  for (JwtAlgorithm algorithm : {JwtAlgorithm::rs256, JwtAlgorithm::es256, JwtAlgorithm::eddsa}) {
    const std::string jwk = SigningKey(algorithm).jwk();
    for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth"}) {
      const std::string with = jwk.substr(0, jwk.size() - 1) + ",\"" + member + "\":\"AQAB\"}";
      ck_text_eq(refused("{\"keys\":[" + with + "]}"), "/keys/0: is a private key: give only the public key");
    }
  }
}
END_TEST

START_TEST(secrets) {
  ck_text_eq(refused_key(oct(32)), "accepted");
  ck_text_eq(refused_key(oct(31)),
             "/0/k: must have at least 32 bytes, as the hash has (RFC 7518 section 3.2)");
  ck_text_eq(refused_key(oct(0)),
             "/0/k: must have at least 32 bytes, as the hash has (RFC 7518 section 3.2)");
  ck_text_eq(refused_key(oct(47, R"(,"alg":"HS384")")),
             "/0/k: must have at least 48 bytes, as the hash has (RFC 7518 section 3.2)");
  ck_text_eq(refused_key(oct(48, R"(,"alg":"HS384")")), "accepted");
  ck_text_eq(refused_key(oct(63, R"(,"alg":"HS512")")),
             "/0/k: must have at least 64 bytes, as the hash has (RFC 7518 section 3.2)");
  ck_text_eq(refused_key(oct(4097)), "/0/k: must have at most 4096 bytes");
  ck_text_eq(refused_key(R"("kty":"oct")"), "/0/k: is missing");
  ck_text_eq(refused_key(R"("kty":"oct","k":7)"), "/0/k: must be a string");
  const std::string encoding = "/0/k: is not base64url without padding (RFC 7515 section 2)";
  ck_text_eq(refused_key(R"("kty":"oct","k":")" + base64url_encode(std::string(32, 'k')) + "=\""), encoding);
  ck_text_eq(refused_key(R"("kty":"oct","k":"a secret in clear, not base64url at all")"), encoding);
  const std::string pem = SigningKey(JwtAlgorithm::es256).public_pem();
  ck_text_eq(refused_key(R"("kty":"oct","k":)" + number(pem)), "/0/k: is the text of a key, not a secret");
}
END_TEST

START_TEST(moduli_and_exponents) {
  ck_text_eq(refused_key(rsa(kGoodModulus, kGoodExponent)), "accepted");
  ck_text_eq(refused_key(rsa("\x7f" + std::string(254, 'm') + "\x01", kGoodExponent)),
             "/0: has a modulus of less than 2048 bits");
  ck_text_eq(refused_key(rsa(std::string(128, '\xC1'), kGoodExponent)),
             "/0: has a modulus of less than 2048 bits");
  ck_text_eq(refused_key(rsa(std::string(2049, '\xC1'), kGoodExponent)),
             "/0: has a modulus of more than 16384 bits");
  ck_text_eq(refused_key(rsa("\xC1" + std::string(254, 'm') + "\x02", kGoodExponent)),
             "/0: has an even modulus");
  for (const char* tiny : {"\x01", "\x03", "\x11", "\xff\xff"}) {
    ck_text_eq(refused_key(rsa(kGoodModulus, tiny)), "/0: has an exponent of less than 65537");
  }
  ck_text_eq(refused_key(rsa(kGoodModulus, std::string("\x01\x00\x02", 3))), "/0: has an even exponent");
  ck_text_eq(refused_key(rsa(kGoodModulus, "\x01" + std::string(7, '\0') + "\x01")),
             "/0: has an exponent of more than 64 bits");
  ck_text_eq(refused_key(rsa('\0' + kGoodModulus, kGoodExponent)),
             "/0/n: must be a number without leading zero bytes");
  ck_text_eq(refused_key(rsa(kGoodModulus, '\0' + kGoodExponent)),
             "/0/e: must be a number without leading zero bytes");
  ck_text_eq(refused_key(rsa("", kGoodExponent)), "/0/n: must be a number without leading zero bytes");
  ck_text_eq(refused_key(R"("kty":"RSA","e":"AQAB")"), "/0/n: is missing");
  ck_text_eq(refused_key(R"("kty":"RSA","n":)" + number(kGoodModulus)), "/0/e: is missing");
  ck_text_eq(refused_key(R"("kty":"RSA","n":)" + number(kGoodModulus) + R"(,"e":65537)"),
             "/0/e: must be a string");
}
END_TEST

START_TEST(points) {
  ck_text_eq(refused_key(ec()), "accepted");
  ck_text_eq(refused_key(okp()), "accepted");
  ck_text_eq(refused_key(ec("", kX, kX)), "/0: is not a point of the curve");
  ck_text_eq(refused_key(ec("", kY, kX)), "/0: is not a point of the curve");
  const std::string zero = base64url_encode(std::string(32, '\0')),
                    most = base64url_encode(std::string(32, '\xff'));
  ck_text_eq(refused_key(ec("", zero, zero)), "/0: is not a point of the curve");
  ck_text_eq(refused_key(ec("", most, most)), "/0: is not a point of the curve");
  ck_text_eq(refused_key(ec("", base64url_encode(std::string(31, 'x')))), "/0/x: must have 32 bytes");
  ck_text_eq(refused_key(ec("", kX, base64url_encode(std::string(33, 'x')))), "/0/y: must have 32 bytes");
  ck_text_eq(refused_key(ec("", kX, kY, "P-384")), "/0/x: must have 48 bytes");
  for (const char* curve : {"secp256k1", "P-192", "p-256", "prime256v1", "Ed25519", ""}) {
    ck_text_eq(refused_key(ec("", kX, kY, curve)), "/0/crv: must be P-256, P-384 or P-521");
  }
  ck_text_eq(refused_key(R"("kty":"EC","x":"AA","y":"AA")"), "/0/crv: is missing");
  for (const char* curve : {"Ed448", "X25519", "X448", "ed25519", "P-256"}) {
    ck_text_eq(refused_key(okp("", kEd, curve)), "/0/crv: must be Ed25519");
  }
  ck_text_eq(refused_key(okp("", base64url_encode(std::string(31, 'x')))), "/0/x: must have 32 bytes");
}
END_TEST

// Points of Ed25519 that OpenSSL accepts although they are invalid: of small order, off the curve, y not
// below the prime.
START_TEST(points_of_ed25519) {
  auto little = [](std::initializer_list<unsigned char> first, unsigned char fill, unsigned char last) {
    std::string out(32, static_cast<char>(fill));
    size_t at = 0;
    for (unsigned char byte : first) out[at++] = static_cast<char>(byte);
    out[31] = static_cast<char>(last);
    return out;
  };
  for (const unsigned char sign : {0x00, 0x80}) {
    for (const std::string& small : {little({}, 0, sign), little({1}, 0, sign),
                                     little({0xec}, 0xff, static_cast<unsigned char>(0x7f | sign))}) {
      ck_text_eq(refused_key(okp("", base64url_encode(small))), "/0: is a point of small order");
    }
    // y = p and p + 1 are other spellings of 0 and 1.
    for (const unsigned char first : {0xed, 0xee}) {
      ck_text_eq(refused_key(okp(
                     "", base64url_encode(little({first}, 0xff, static_cast<unsigned char>(0x7f | sign))))),
                 "/0: is not a point of the curve");
    }
  }
  unsigned char order_eight[] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                                 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                                 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};
  ck_text_eq(refused_key(okp("", base64url_encode({reinterpret_cast<char*>(order_eight), 32}))),
             "/0: is a point of small order");
  // About half of all y have no x; the y of a real key always has one.
  unsigned off = 0;
  for (unsigned char i = 2; i < 102; ++i) {
    off += refused_key(okp("", base64url_encode(little({i}, 0, 0)))) == "/0: is not a point of the curve" ? 1
                                                                                                          : 0;
  }
  ck_assert_uint_gt(off, 30);
  ck_assert_uint_lt(off, 70);
  for (int i = 0; i < 50; ++i)
    ck_text_eq(refused("[" + SigningKey(JwtAlgorithm::eddsa).jwk() + "]"), "accepted");
}
END_TEST

START_TEST(from_pem) {
  for (JwtAlgorithm algorithm : testing::all_algorithms()) {
    const SigningKey key(algorithm);
    if (jwt_key_type(algorithm) == JwkType::oct) {
      const Result<std::string> jwk = jwk_from_secret(key.secret(), algorithm, "k1");
      ck_assert(static_cast<bool>(jwk));
      const Result<std::vector<Jwk>> read = parse_jwks("[" + *jwk + "]");
      ck_text_eq(read->front().secret.view(), key.secret());
      ck_text_eq(read->front().kid.value_or(""), "k1");
      continue;
    }
    const Result<std::string> jwk = jwk_from_pem("some words\n" + key.public_pem(), algorithm, "k1");
    ck_assert_msg(static_cast<bool>(jwk), "%s", jwk ? "" : jwk.error().text().c_str());
    const Result<std::vector<Jwk>> read = parse_jwks("[" + *jwk + "]");
    ck_assert(read->front().algorithm == algorithm);
    ck_assert_int_eq(EVP_PKEY_eq(read->front().key.get(), key.pkey()), 1);
    ck_text_eq(jwk_from_pem(key.private_pem(), algorithm, std::nullopt).error().text(),
               "is a private key: give only the public key (openssl pkey -in FILE -pubout)");
    ck_text_eq(jwk_from_pem(key.public_pem() + key.public_pem(), algorithm, std::nullopt).error().text(),
               "has more than one key or certificate");
    ck_text_eq(jwk_from_secret("x", algorithm, std::nullopt).error().text(),
               std::string(jwt_algorithm_name(algorithm)) + " takes a public key, never a shared secret");
    for (JwtAlgorithm other : testing::all_algorithms()) {
      if (jwt_key_type(other) == jwt_key_type(algorithm) && jwt_key_curve(other) == jwt_key_curve(algorithm))
        continue;
      const Result<std::string> unfit = jwk_from_pem(key.public_pem(), other, std::nullopt);
      ck_assert(!unfit);
      const std::string name(jwt_algorithm_name(other));
      ck_text_eq(unfit.error().text(), jwt_key_type(other) == JwkType::oct
                                           ? name + " takes a shared secret, never a public key"
                                           : "is not a key for " + name);
    }
  }
  const SigningKey key(JwtAlgorithm::rs256);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ck_text_eq(jwk_from_pem("", JwtAlgorithm::rs256, std::nullopt).error().text(),
             "is not a PEM file of a public key");
  ck_text_eq(jwk_from_pem(key.public_der(), JwtAlgorithm::rs256, std::nullopt).error().text(),
             "is not a PEM file of a public key");
  ck_text_eq(jwk_from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", JwtAlgorithm::rs256,
                          std::nullopt)
                 .error()
                 .text(),
             "is not a PEM file of a public key that OpenSSL can read");
  ck_text_eq(jwk_from_pem(key.public_pem(), JwtAlgorithm::rs256, "\xff").error().text(),
             "kid: is not valid UTF-8");
  ck_text_eq(jwk_from_pem(key.public_pem(), JwtAlgorithm::rs256, "").error().text(),
             "kid: must be 1 to 256 bytes without control characters");
  const SigningKey small(JwtAlgorithm::rs256, 1024U);
  ck_text_eq(jwk_from_pem(small.public_pem(), JwtAlgorithm::rs256, std::nullopt).error().text(),
             "has a modulus of less than 2048 bits");
  ck_text_eq(jwk_from_secret(std::string(31, 's'), JwtAlgorithm::hs256, std::nullopt).error().text(),
             "must have at least 32 bytes, as the hash has (RFC 7518 section 3.2)");
}
END_TEST

START_TEST(pkcs1_and_certificates) {
  const SigningKey key(JwtAlgorithm::rs256);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  unsigned char* der = nullptr;
  const int size = i2d_PublicKey(key.pkey(), &der);
  ck_assert_int_gt(size, 0);
  ck_assert_int_gt(PEM_write_bio(bio.get(), "RSA PUBLIC KEY", "", der, size), 0);
  OPENSSL_free(der);
  char* text = nullptr;
  long length = BIO_get_mem_data(bio.get(), &text);
  const Result<std::string> jwk =
      jwk_from_pem({text, static_cast<size_t>(length)}, JwtAlgorithm::rs256, std::nullopt);
  ck_assert_msg(static_cast<bool>(jwk), "%s", jwk ? "" : jwk.error().text().c_str());
  ck_text_eq(*jwk, key.jwk());

  const std::unique_ptr<X509, OpenSslFree<X509_free>> certificate(X509_new());
  ck_assert_int_eq(X509_set_pubkey(certificate.get(), key.pkey()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 1000);
  ck_assert_int_gt(X509_sign(certificate.get(), key.pkey(), EVP_sha256()), 0);
  const BioPtr other(BIO_new(BIO_s_mem()));
  ck_assert_int_eq(PEM_write_bio_X509(other.get(), certificate.get()), 1);
  length = BIO_get_mem_data(other.get(), &text);
  const Result<std::string> taken =
      jwk_from_pem({text, static_cast<size_t>(length)}, JwtAlgorithm::rs256, std::nullopt);
  ck_assert_msg(static_cast<bool>(taken), "%s", taken ? "" : taken.error().text().c_str());
  ck_text_eq(*taken, key.jwk());
}
END_TEST

START_TEST(fingerprints_are_of_the_material_alone) {
  const SigningKey one(JwtAlgorithm::es256), other(JwtAlgorithm::es256);
  const Result<std::vector<Jwk>> keys = parse_jwks("[" + one.jwk() + "," + one.jwk("k") + "," +
                                                   one.jwk_without_alg() + "," + other.jwk() + "]");
  ck_assert((*keys)[0].fingerprint == (*keys)[1].fingerprint);
  ck_assert((*keys)[0].fingerprint == (*keys)[2].fingerprint);
  ck_assert((*keys)[0].fingerprint != (*keys)[3].fingerprint);
  // The same bytes as a secret and as a point are two keys.
  const Result<std::vector<Jwk>> bytes =
      parse_jwks("[{" + okp() + "},{\"kty\":\"oct\",\"k\":\"" + kEd + "\"}]");
  ck_assert((*bytes)[0].fingerprint != (*bytes)[1].fingerprint);
}
END_TEST

START_TEST(algorithms_have_names) {
  for (JwtAlgorithm algorithm : testing::all_algorithms()) {
    ck_assert(parse_jwt_algorithm(jwt_algorithm_name(algorithm)) == algorithm);
  }
  ck_assert(!parse_jwt_algorithm("none"));
  ck_assert(!parse_jwt_algorithm(""));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_jwk", good_keys, keys_for_something_else_can_be_ignored, what_is_no_key_set,
                members_of_every_key, private_keys, secrets, moduli_and_exponents, points, points_of_ed25519,
                from_pem, pkcs1_and_certificates, fingerprints_are_of_the_material_alone,
                algorithms_have_names);
