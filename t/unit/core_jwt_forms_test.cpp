// core/jwt: texts that are no token of ours are rejected at the same cost, however they are formed.
#include <openssl/err.h>

#include "core_jwt_testing.hpp"

using namespace tablegate::core;
using testing::jwt_consumer;
using testing::Proving;
using testing::SigningKey;
using testing::unsigned_token;

namespace {

START_TEST(forms_that_are_no_compact_token) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("c", key.jwk()));
  const std::string token = key.token("{}");
  const size_t first = token.find('.'), second = token.find('.', first + 1);
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("..."), std::string("a"),
        std::string("a.b"), std::string("a.b.c.d"), token + ".", "." + token, token + ".x",
        token.substr(0, second), token.substr(0, second + 1), token.substr(first),
        token.substr(0, first) + ".." + token.substr(second + 1), std::string(10000, '.'),
        // JWE has five parts; the JSON serialisations none.
        token + ".a.b", std::string(R"({"payload":"e30","protected":"e30","signature":"e30"})")}) {
    ck_text_eq(prove(bad), "invalid_credential: form");
  }
  ck_text_eq(prove(std::string(100000, '.')), "invalid_credential: too_long");
  for (const std::string& bad : {token + " ", " " + token, token + "\n", "Bearer " + token}) {
    ck_assert(prove(bad).find("invalid_credential: ") == 0);
  }
  for (const char* text : {"",
                           "[]",
                           "1",
                           "null",
                           "\"x\"",
                           "x",
                           "{",
                           "}",
                           "{}{}",
                           "{} x",
                           "{},",
                           "[{}]",
                           "{'a':1}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":tru}",
                           "{\"a\":True}",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\ud800\"}",
                           "{\"a\":\"\\udc00\"}",
                           "{\"a\":\"\\ud800\\u0041\"}",
                           "{\"a\":\"\\u12\"}",
                           "{/**/}",
                           "{//\n}",
                           "\xEF\xBB\xBF{}",
                           "{\"a\":\"\xff\"}",
                           "{\"a\":\"\xC0\x80\"}",
                           "{\"a\":\"\xED\xA0\x80\"}",
                           "{\"\xF5\x80\x80\x80\":1}",
                           "{\"a\":\"\xC3\"}",
                           "{\"\\u0000\":1}",
                           "{\"a\":\"\\u0000\"}",
                           "{\"a\":[\"\\u0000\"]}",
                           "{\"a\":{\"b\":\"\xff\"}}",
                           "\f{}",
                           "{\"a\":-}",
                           "{\"a\":1e}",
                           "{\"a\":00}"}) {
    const std::string answer = prove(key.token(text));
    ck_assert_msg(
        answer == "invalid_credential: json" || (*text == '\0' && answer == "invalid_credential: form"),
        "%s: %s", text, answer.c_str());
    ck_assert(prove(key.token(text, "{}")).find("invalid_credential: ") == 0);
  }
  ck_text_eq(prove(key.token(std::string("{}\0", 3))), "invalid_credential: json");
  ck_text_eq(prove(key.token(std::string("{\"a\":\"\0\"}", 9))), "invalid_credential: json");
  ck_text_eq(prove(key.token(" \t\r\n{ \"a\" : [ ] } \n")), "c");
}
END_TEST

START_TEST(sizes) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("c", key.jwk()));
  // Lengths grow by 4 for 3 bytes: the header makes up for the difference.
  size_t exact = 0;
  for (size_t pad = 0; pad < 3; ++pad) {
    const std::string header = R"({"alg":"HS256","p":")" + std::string(pad, 'p') + "\"}";
    for (size_t size = 12100; size < 12280; ++size) {
      const std::string token = key.token(header, "{\"x\":\"" + std::string(size, 'x') + "\"}");
      if (token.size() < kMaxToken - 1 || token.size() > kMaxToken + 2) continue;
      ck_text_eq(prove(token), token.size() <= kMaxToken ? "c" : "invalid_credential: too_long");
      exact |= token.size() == kMaxToken ? 1U : 0U;
      exact |= token.size() == kMaxToken + 1 ? 2U : 0U;
    }
  }
  ck_assert_uint_eq(exact, 3);
}
END_TEST

START_TEST(nesting) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("c", key.jwk()));
  auto deep = [](size_t lists) {
    return "{\"x\":" + std::string(lists, '[') + std::string(lists, ']') + "}";
  };
  ck_text_eq(prove(key.token(deep(15))), "c");
  ck_text_eq(prove(key.token(deep(16))), "invalid_credential: too_deep");
  ck_text_eq(prove(key.token(deep(6000))), "invalid_credential: too_deep");
  ck_text_eq(prove(key.token("{\"x\":" + std::string(12000, '['))), "invalid_credential: too_deep");
  std::string objects, ends;
  for (int i = 0; i < 16; ++i) {
    objects += "{\"x\":";
    ends += "}";
  }
  ck_text_eq(prove(key.token(objects + "1" + ends)), "c");
  ck_text_eq(prove(key.token(objects + "{}" + ends)), "invalid_credential: too_deep");
  ck_text_eq(
      prove(key.token(R"({"alg":"HS256","x":)" + std::string(17, '[') + std::string(17, ']') + "}", "{}")),
      "invalid_credential: too_deep");
}
END_TEST

// Without a complete proof, a known key cannot be told from an unknown one: status and cost are the same.
START_TEST(refused_tokens_cost_the_same) {
  for (JwtAlgorithm algorithm : testing::all_algorithms()) {
    const SigningKey one(algorithm), two(algorithm), forger(algorithm);
    // One key under each kid: one verification. Both consumers' keys under one kid: two, for every token.
    for (const bool same_kid : {false, true}) {
      Proving prove(jwt_consumer("a", one.jwk("k")) + jwt_consumer("b", two.jwk(same_kid ? "k" : "k2")));
      const uint64_t cost = same_kid ? 2 : 1;
      auto token = [&](const std::string& kid, const std::string& payload) {
        return forger.token(forger.header(kid), payload);
      };
      ck_assert_uint_eq(prove.cost(token("k", "{}")), cost);
      ck_assert_uint_eq(prove.cost(token("unknown", "{}")), cost);
      ck_assert_uint_eq(prove.cost(token("", "{}")), cost);
      ck_assert_uint_eq(prove.cost(token("k", R"({"iss":"x"})")), cost);
      ck_assert_uint_eq(prove.cost(token("k", R"({"exp":1})")), cost);
      for (JwtAlgorithm other : testing::all_algorithms()) {
        if (jwt_key_type(other) == jwt_key_type(algorithm)) continue;
        const SigningKey stranger(other);
        ck_assert_uint_eq(prove.cost(stranger.token(stranger.header("k"), "{}")), 1);
        ck_assert_uint_eq(prove.cost(stranger.token(stranger.header("u"), "{}")), 1);
      }
      // A valid token ends with the key that verifies it.
      ck_assert_uint_le(prove.cost(one.token(one.header("k"), "{}")), cost);
    }
  }
  // With an unknown issuer.
  const SigningKey key(JwtAlgorithm::es256);
  Proving prove(jwt_consumer("a", key.jwk("k"), R"("issuer":"i",)"));
  ck_assert_uint_eq(prove.cost(key.token(key.header("k"), R"({"iss":"j"})")), 1);
  ck_text_eq(prove(key.token(key.header("k"), R"({"iss":"j"})")), "invalid_credential: issuer_mismatch");
  // Signatures that cannot fit an RSA key cost an exponentiation as well.
  const SigningKey rsa(JwtAlgorithm::rs256);
  Proving prove_rsa(jwt_consumer("a", rsa.jwk("k")));
  for (const std::string& signature : {std::string(256, '\xff'), std::string(300, 'x')}) {
    ck_assert_uint_eq(prove_rsa.cost(unsigned_token(rsa.header("k"), "{}", signature)), 1);
  }
}
END_TEST

// The private keys of pretended verifications are public, so they must prove nothing.
START_TEST(the_pretended_keys_open_nothing) {
  const SigningKey zeros(JwtAlgorithm::hs256, std::string(64, '\0'));
  Proving nobody(jwt_consumer("c", SigningKey(JwtAlgorithm::hs256).jwk("k")));
  ck_text_eq(nobody(zeros.token("{}")), "invalid_credential: kid_missing");

  for (JwtAlgorithm algorithm : {JwtAlgorithm::es256, JwtAlgorithm::es384, JwtAlgorithm::es512}) {
    // The private key 1 belongs to the generator.
    const JwkCurve curve = jwt_key_curve(algorithm);
    const ParamBldPtr builder(OSSL_PARAM_BLD_new());
    const BnPtr one(BN_dup(BN_value_one()));
    const std::string point = ec_base_point(curve);
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, ec_group_name(curve), 0);
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, one.get());
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    const ParamPtr parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* raw = nullptr;
    EVP_PKEY_fromdata_init(context.get());
    ck_assert_int_eq(EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_KEYPAIR, parameters.get()), 1);
    const SigningKey known(algorithm, PkeyPtr(raw));
    // It does sign for the generator as a public key...
    Proving generator(jwt_consumer("c", known.jwk()));
    ck_text_eq(generator(known.token("{}")), "c");
    // ...and for no other one.
    Proving prove(jwt_consumer("c", SigningKey(algorithm).jwk("k")));
    ck_text_eq(prove(known.token("{}")), "invalid_credential: kid_missing");
    ck_text_eq(prove(known.token(known.header("x"), "{}")), "invalid_credential: kid_unknown");
    ck_text_eq(prove(known.token(known.header("k"), "{}")), "invalid_credential: bad_signature");
    ck_text_eq(nobody(known.token("{}")), "invalid_credential: kid_missing");
  }
}
END_TEST

// A gateway without any JWT setting.
START_TEST(without_settings_nothing_is_proved) {
  Proving prove(R"({"kind":"consumer","name":"c","enabled":true,"apis":[],"api_keys":[]})"
                "\n");
  ck_assert_uint_eq(prove.manifest().jwt_index->sources().size(), 0);
  for (JwtAlgorithm algorithm : testing::all_algorithms()) {
    const SigningKey key(algorithm);
    ck_text_eq(prove(key.token("{}")), "invalid_credential: kid_missing");
    ck_assert_uint_eq(prove.cost(key.token("{}")), 1);
  }
}
END_TEST

// After a rejection OpenSSL's error queue is empty; nginx would log its contents as its own.
START_TEST(no_error_is_left_behind) {
  for (JwtAlgorithm algorithm : testing::all_algorithms()) {
    const SigningKey key(algorithm), forger(algorithm);
    Proving prove(jwt_consumer("c", key.jwk("k")));
    ERR_clear_error();
    prove(forger.token(forger.header("k"), "{}"));
    prove(forger.token("{}"));
    prove(key.token(key.header("k"), "{}"));
    ck_assert_uint_eq(ERR_peek_error(), 0);
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_jwt_forms", forms_that_are_no_compact_token, sizes, nesting,
                refused_tokens_cost_the_same, the_pretended_keys_open_nothing,
                without_settings_nothing_is_proved, no_error_is_left_behind);
