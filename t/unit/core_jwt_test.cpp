// core/jwt: tokens that are accepted, for which consumer and until when; the
// vectors of the RFCs; what is cached.
#include "core_jwt_testing.hpp"

using namespace tablegate::core;
using testing::jwt_consumer;
using testing::Proving;
using testing::SigningKey;

namespace {

// RFC 7515 appendix A: one payload, three keys.
constexpr const char* kJoe =
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
constexpr int64_t kJoeExpires = 1300819380;

struct JoseVector {
  const char* jwk;
  const char* header;
  const char* signature;
};
constexpr JoseVector kAppendixA[] = {
    {R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
     "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
    {R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql)"
     R"(L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WT)"
     R"(BEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW)"
     R"(9gb54h4FRWyuXpoQ","e":"AQAB"})",
     "eyJhbGciOiJSUzI1NiJ9",
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
     "O8W2Fp5jujGbds9uJdbF9CUAr7t1"
     "dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_"
     "dO--xi12jzD"
     "wusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"
     "IoypGlUPQGe7"
     "7Rw"},
    {R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
     R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
     "eyJhbGciOiJFUzI1NiJ9",
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}};

START_TEST(the_tokens_of_rfc_7515_appendix_a) {
  for (const JoseVector& vector : kAppendixA) {
    Proving prove(jwt_consumer("joe", vector.jwk, R"("leeway":0,"issuer":"joe",)"));
    const std::string token = std::string(vector.header) + kJoe + vector.signature;
    ck_text_eq(prove(token, kJoeExpires - 1), "joe");
    ck_text_eq(prove(token, kJoeExpires), "expired_credential: expired");
    Proving other(jwt_consumer("jack", vector.jwk, R"("issuer":"jack",)"));
    ck_text_eq(other(token, kJoeExpires - 1), "invalid_credential: issuer_mismatch");
  }
}
END_TEST

// RFC 7520 section 4 and RFC 8037 appendix A.4 sign texts that are not claims: only their signatures are
// checked.
constexpr const char* kFrodo =
    ".SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9"
    "hZCwgYW5k"
    "IGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9m"
    "ZiB0by4";
constexpr const char* kBilboRsa =
    R"({"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd)"
    R"(4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6)"
    R"(Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCL)"
    R"(qKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB"})";
constexpr const char* kBilboEc =
    R"({"kty":"EC","kid":"bilbo.baggins@hobbiton.example","use":"sig","crv":"P-521",)"
    R"("x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",)"
    R"("y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"})";

void check_signature(JwtAlgorithm algorithm, const std::string& jwk, const std::string& input,
                     const std::string& signature) {
  Result<std::vector<Jwk>> keys = parse_jwks("[" + jwk + "]");
  ck_assert_msg(static_cast<bool>(keys), "%s", keys ? "" : keys.error().text().c_str());
  const Jwk& key = keys->front();
  ck_assert(key.allows(algorithm));
  std::string bytes = base64url_decode(signature).value_or("");
  ck_assert(JwsVerifier::well_formed(algorithm, bytes));
  JwsVerifier verifier;
  ck_assert(verifier.verify(0, key, algorithm, input, bytes));
  ck_assert(verifier.verify(0, key, algorithm, input, bytes));
  ck_assert(!verifier.verify(0, key, algorithm, input + "x", bytes));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ck_assert(!verifier.verify(0, key, algorithm, input, bytes));
  ck_assert_uint_eq(verifier.count(), 4);
}

START_TEST(the_signatures_of_rfc_7520_and_rfc_8037) {
  check_signature(
      JwtAlgorithm::rs256, kBilboRsa,
      std::string("eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9") + kFrodo,
      "MRjdkly7_-"
      "oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-"
      "BDkoBwA7"
      "8185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_"
      "qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdL"
      "uW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_"
      "fcIe8u9ipH84ogoree7vjbU5y18kDq"
      "uDg");
  check_signature(
      JwtAlgorithm::ps384, kBilboRsa,
      std::string("eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9") + kFrodo,
      "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-"
      "tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbU"
      "rhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_"
      "ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImU"
      "jvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_"
      "jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72"
      "Eaw");
  check_signature(
      JwtAlgorithm::es512, kBilboEc,
      std::string("eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9") + kFrodo,
      "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_"
      "sDDyYjnAMDxXP"
      "n7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2");
  check_signature(
      JwtAlgorithm::hs256,
      R"({"kty":"oct","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037","use":"sig","alg":"HS256",)"
      R"("k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"})",
      std::string("eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9") +
          kFrodo,
      "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0");
  check_signature(JwtAlgorithm::eddsa,
                  R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
                  "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                  "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}
END_TEST

START_TEST(every_algorithm_with_and_without_kid) {
  for (JwtAlgorithm algorithm : testing::all_algorithms()) {
    const SigningKey key(algorithm);
    Proving named(jwt_consumer("c", key.jwk("k1")));
    const std::string with_kid = key.token(key.header("k1"), R"({"sub":"x"})");
    const std::string without = key.token(R"({"sub":"x"})");
    ck_text_eq(named(with_kid), "c");
    ck_text_eq(named.proof.kid, "k1");
    ck_text_eq(named(without), "invalid_credential: kid_missing");

    Proving nameless(jwt_consumer("c", key.jwk()));
    ck_text_eq(nameless(without), "c");
    ck_assert(nameless.proof.kid.empty());
    ck_text_eq(nameless(with_kid), "invalid_credential: kid_unknown");

    // A key without `alg` verifies with all algorithms of its type, except a secret that is too short for
    // one.
    Proving any(jwt_consumer("c", key.jwk_without_alg()));
    for (JwtAlgorithm other : testing::all_algorithms()) {
      if (jwt_key_type(other) != jwt_key_type(algorithm) || jwt_key_curve(other) != jwt_key_curve(algorithm))
        continue;
      const std::string input =
          base64url_encode(R"({"alg":")" + std::string(jwt_algorithm_name(other)) + "\"}") + "." +
          base64url_encode("{}");
      const std::string token = input + "." + base64url_encode(key.sign(other, input));
      const bool fits = jwt_key_type(other) != JwkType::oct || other <= algorithm;
      ck_text_eq(any(token), fits ? "c" : "invalid_credential: alg_mismatch");
      ck_text_eq(nameless(token), other == algorithm ? "c" : "invalid_credential: alg_mismatch");
    }
  }
}
END_TEST

START_TEST(times) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("c", key.jwk(), R"("leeway":10,)"));
  auto at = [&](const std::string& claims, int64_t now) { return prove(key.token("{" + claims + "}"), now); };
  ck_text_eq(at(R"("exp":1000)", 1009), "c");
  ck_text_eq(at(R"("exp":1000)", 1010), "expired_credential: expired");
  ck_text_eq(at(R"("exp":1000.5)", 1010), "c");
  ck_text_eq(at(R"("exp":1000.5)", 1011), "expired_credential: expired");
  ck_text_eq(at(R"("exp":1e3)", 1009), "c");
  ck_text_eq(at(R"("exp":-5)", 0), "c");
  ck_text_eq(at(R"("exp":-5)", 5), "expired_credential: expired");
  ck_text_eq(at(R"("exp":1e300)", INT64_C(4000000000)), "c");
  ck_text_eq(at(R"("exp":-1e300)", 0), "expired_credential: expired");
  ck_text_eq(at(R"("exp":99999999999999999999)", 1), "c");
  ck_text_eq(at(R"("nbf":1000)", 990), "c");
  ck_text_eq(at(R"("nbf":1000)", 989), "invalid_credential: not_yet_valid");
  ck_text_eq(at(R"("nbf":1000.1)", 990), "invalid_credential: not_yet_valid");
  ck_text_eq(at(R"("nbf":1e300)", 990), "invalid_credential: not_yet_valid");
  ck_text_eq(at(R"("nbf":1000,"exp":500)", 1000), "expired_credential: expired");
  // iat is not a condition.
  ck_text_eq(at(R"("iat":99999999999)", 0), "c");
  for (const char* bad : {R"("1000")", "null", "true", "[1000]", "{}", R"("")"}) {
    ck_text_eq(at(std::string("\"exp\":") + bad, 0), "invalid_credential: exp_type");
    ck_text_eq(at(std::string("\"nbf\":") + bad, 0), "invalid_credential: nbf_type");
  }
  for (const char* bad : {"1e999", "-1e999", "NaN", "Infinity", "0x10", "01", "1.", ".5", "+1"}) {
    ck_text_eq(at(std::string("\"exp\":") + bad, 0), "invalid_credential: json");
  }
  Proving strict(jwt_consumer("c", key.jwk(), R"("require_exp":true,)"));
  ck_text_eq(strict(key.token("{}")), "invalid_credential: exp_missing");
  ck_text_eq(strict(key.token(R"({"exp":2000})")), "c");
  ck_text_eq(strict(key.token(R"({"exp":940})"), 1000), "expired_credential: expired");
  ck_text_eq(strict(key.token(R"({"exp":941})"), 1000), "c");
}
END_TEST

START_TEST(audiences) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("c", key.jwk(), R"("audience":"a",)"));
  auto with = [&](const std::string& audience) { return prove(key.token("{\"aud\":" + audience + "}")); };
  for (const char* good :
       {R"("a")", R"(["a"])", R"(["b","a"])", R"(["b","a","c"])", R"("\u0061")", R"(["\u0061"])"}) {
    ck_text_eq(with(good), "c");
  }
  for (const char* bad :
       {R"("b")", R"("A")", R"("a ")", "[]", R"(["b"])", R"([["a"]])", R"(["a",1])", R"([1,"a"])",
        R"([{"a":"a"}])", R"([{},"a"])", R"({"a":"a"})", "null", "true", "1", R"("")", R"([["b"],"a"])"}) {
    ck_text_eq(with(bad), "invalid_credential: audience_mismatch");
  }
  ck_text_eq(prove(key.token(R"({"x":["a"],"sub":"a"})")), "invalid_credential: audience_mismatch");
  ck_text_eq(prove(key.token(R"({"aud":["b"],"x":["a"]})")), "invalid_credential: audience_mismatch");
  ck_text_eq(prove(key.token(R"({"x":{"aud":"a"}})")), "invalid_credential: audience_mismatch");
}
END_TEST

START_TEST(claim_conditions) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("one", key.jwk(), R"("claim":{"name":"uid","value":"1"},)") +
                jwt_consumer("yes", key.jwk(), R"("claim":{"name":"uid","value":"true"},)") +
                jwt_consumer("text", key.jwk(), R"("claim":{"name":"uid","value":"you and \u4f60"},)"));
  auto with = [&](const std::string& value) { return prove(key.token("{\"uid\":" + value + "}")); };
  ck_text_eq(with("1"), "one");
  ck_text_eq(with(R"("1")"), "one");
  ck_text_eq(with("true"), "yes");
  ck_text_eq(with(R"("true")"), "yes");
  ck_text_eq(with(R"("you and \u4f60")"), "text");
  ck_text_eq(with("\"you and \xE4\xBD\xA0\""), "text");
  for (const char* bad :
       {"1.0", "1e0", "01", R"("01")", "10", "false", "null", "[1]", R"(["1"])", "{}", R"("One")", R"("")"}) {
    ck_assert_msg(with(bad).find("invalid_credential: ") == 0, "%s", bad);
  }
  ck_text_eq(prove(key.token(R"({"sub":"1"})")), "invalid_credential: claim_mismatch");
  ck_text_eq(prove(key.token(R"({"x":{"uid":"1"}})")), "invalid_credential: claim_mismatch");
  ck_text_eq(prove(key.token(R"({"x":[{"uid":"1"}],"y":["uid","1"]})")),
             "invalid_credential: claim_mismatch");
}
END_TEST

// One key for all, told apart by issuer; keys of several consumers under one kid; rotation within one.
START_TEST(the_consumer_is_the_one_whose_conditions_hold) {
  const SigningKey shared(JwtAlgorithm::es256), own(JwtAlgorithm::es256), next(JwtAlgorithm::es256);
  Proving prove(jwt_consumer("a", shared.jwk("k"), R"("issuer":"ia",)") +
                jwt_consumer("b", shared.jwk("k"), R"("issuer":"ib","audience":"x",)") +
                jwt_consumer("c", own.jwk("k") + "," + next.jwk("k2")) +
                jwt_consumer("d", shared.jwk("k"), R"("issuer":"id","claim":{"name":"uid","value":"1"},)") +
                jwt_consumer("e", shared.jwk("k"), R"("issuer":"id","claim":{"name":"uid","value":"2"},)"));
  auto token = [](const SigningKey& key, const std::string& kid, const std::string& payload) {
    return key.token(key.header(kid), payload);
  };
  ck_text_eq(prove(token(shared, "k", R"({"iss":"ia"})")), "a");
  ck_text_eq(prove(token(shared, "k", R"({"iss":"ib","aud":"x"})")), "b");
  ck_text_eq(prove(token(shared, "k", R"({"iss":"ib"})")), "invalid_credential: audience_mismatch");
  ck_text_eq(prove(token(shared, "k", R"({"iss":"id","uid":"1"})")), "d");
  ck_text_eq(prove(token(shared, "k", R"({"iss":"id","uid":2})")), "e");
  ck_text_eq(prove(token(shared, "k", R"({"iss":"id","uid":3})")), "invalid_credential: claim_mismatch");
  ck_text_eq(prove(token(shared, "k", R"({"iss":"other"})")), "invalid_credential: bad_signature");
  ck_text_eq(prove(token(shared, "k", R"({"iss":["ia"]})")), "invalid_credential: bad_signature");
  ck_text_eq(prove(token(own, "k", "{}")), "c");
  ck_text_eq(prove(token(own, "k", R"({"iss":"ia"})")), "c");
  ck_text_eq(prove(token(next, "k2", "{}")), "c");
  ck_text_eq(prove.proof.kid, "k2");
  ck_text_eq(prove(token(next, "k", "{}")), "invalid_credential: bad_signature");
  ck_text_eq(prove(token(own, "k2", "{}")), "invalid_credential: bad_signature");
}
END_TEST

// A proof is valid only for the place of the token.
START_TEST(sources_are_kept_apart) {
  const SigningKey one(JwtAlgorithm::es256), other(JwtAlgorithm::es256);
  Proving prove(jwt_consumer("bearer", one.jwk()) +
                jwt_consumer("header", other.jwk(), R"("source":{"in":"header","name":"X-Token"},)") +
                jwt_consumer("same", SigningKey(JwtAlgorithm::es256).jwk(),
                             R"("source":{"in":"header","name":"x-token","prefix":""},)") +
                jwt_consumer("cookie", one.jwk(), R"("source":{"in":"cookie","name":"t"},)"));
  const std::vector<TokenSource>& sources = prove.manifest().jwt_index->sources();
  ck_assert_uint_eq(sources.size(), 3);
  ck_text_eq(sources[0].name, "Authorization");
  ck_text_eq(sources[0].prefix, "Bearer");
  ck_text_eq(sources[1].name, "X-Token");
  ck_text_eq(sources[1].prefix, "");
  ck_assert(sources[2].in == TokenSource::In::cookie);
  const std::string token = one.token("{}");
  ck_text_eq(prove(token, 1000, 0), "bearer");
  ck_text_eq(prove(token, 1000, 1), "invalid_credential: bad_signature");
  ck_text_eq(prove(token, 1000, 2), "cookie");
  ck_text_eq(prove(token, 1000, 0), "bearer");
  ck_assert(prove.proof.cached);
  ck_text_eq(prove(other.token("{}"), 1000, 1), "header");
  ck_text_eq(prove(other.token("{}"), 1000, 0), "invalid_credential: bad_signature");
  ck_text_eq(prove(token, 1000, 7), "invalid_credential: kid_missing");
}
END_TEST

START_TEST(a_proof_is_kept_until_its_token_expires) {
  const SigningKey key(JwtAlgorithm::es256);
  Proving prove(jwt_consumer("c", key.jwk("k"), R"("leeway":10,)"));
  const std::string token = key.token(key.header("k"), R"({"nbf":1000,"exp":2000})");
  ck_text_eq(prove(token, 1500), "c");
  ck_assert(!prove.proof.cached);
  const uint64_t before = prove.verifier().verifications();
  for (const int64_t now : {990, 1500, 2009}) {
    ck_text_eq(prove(token, now), "c");
    ck_assert(prove.proof.cached);
    ck_text_eq(prove.proof.kid, "k");
  }
  ck_text_eq(prove(token, 989), "invalid_credential: not_yet_valid");
  ck_text_eq(prove(token, 2010), "expired_credential: expired");
  ck_text_eq(prove(token, INT64_C(1) << 40), "expired_credential: expired");
  ck_assert_uint_eq(prove.verifier().verifications(), before);

  // A changed byte anywhere is another token.
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    ck_assert(prove(changed, 1500).find("invalid_credential: ") == 0);
    ck_assert(!prove.proof.cached);
  }
  // A new manifest begins with an empty cache.
  Proving fresh(jwt_consumer("c", key.jwk("k")));
  ck_text_eq(fresh(token, 1500), "c");
  ck_assert(!fresh.proof.cached);
}
END_TEST

START_TEST(what_is_not_kept) {
  const SigningKey asymmetric(JwtAlgorithm::eddsa), secret(JwtAlgorithm::hs512);
  Proving prove(jwt_consumer("a", asymmetric.jwk()) + jwt_consumer("s", secret.jwk()));
  const std::string hmac = secret.token("{}");
  ck_text_eq(prove(hmac), "s");
  ck_text_eq(prove(hmac), "s");
  ck_assert(!prove.proof.cached);
  // Neither expired tokens nor those that are not valid yet.
  const std::string early = asymmetric.token(R"({"nbf":5000})");
  ck_text_eq(prove(early), "invalid_credential: not_yet_valid");
  ck_text_eq(prove(early, 5000), "a");
  ck_assert(!prove.proof.cached);
  ck_text_eq(prove(early), "invalid_credential: not_yet_valid");
  const std::string late = asymmetric.token(R"({"exp":10})");
  ck_text_eq(prove(late), "expired_credential: expired");
  ck_assert_uint_eq(prove.cost(late), 1);
}
END_TEST

// The cache is bounded: the least recently used entry of a set is replaced, and verified again.
START_TEST(kept_proofs_give_way) {
  const SigningKey key(JwtAlgorithm::es256);
  Proving prove(jwt_consumer("c", key.jwk()));
  constexpr size_t kTokens = JwtCache::kSets * JwtCache::kWays + 512;
  std::vector<std::string> tokens;
  for (size_t i = 0; i < kTokens; ++i) {
    tokens.push_back(key.token("{\"jti\":" + std::to_string(i) + "}"));
    ck_text_eq(prove(tokens.back()), "c");
    ck_text_eq(prove(tokens.front()), "c");  // in use all the time
    ck_assert(prove.proof.cached == (i > 0) || i == 0);
  }
  size_t kept = 0;
  for (const std::string& token : tokens) {
    const uint64_t before = prove.verifier().verifications();
    ck_text_eq(prove(token), "c");
    kept += prove.proof.cached ? 1 : 0;
    ck_assert_uint_eq(prove.verifier().verifications() - before, prove.proof.cached ? 0 : 1);
  }
  ck_assert_uint_le(kept, JwtCache::kSets * JwtCache::kWays);
  ck_assert_uint_gt(kept, 0);
}
END_TEST

START_TEST(a_full_set_forgets_the_least_recently_used) {
  JwtCache cache;
  auto digest = [](unsigned char set, unsigned char number) {
    Digest out{};
    out[0] = set;
    out[31] = number;
    return out;
  };
  KeptProof proof;
  for (unsigned char i = 0; i < JwtCache::kWays; ++i) {
    proof.expires = i;
    cache.put(0, digest(5, i), proof);
  }
  ck_assert_ptr_nonnull(cache.find(0, digest(5, 0)));  // 1 is the oldest now
  cache.put(0, digest(5, 100), proof);
  cache.put(0, digest(6, 1), proof);
  ck_assert_ptr_null(cache.find(0, digest(5, 1)));
  for (unsigned char i : {0, 2, 3}) {
    const KeptProof* found = cache.find(0, digest(5, i));
    ck_assert_ptr_nonnull(found);
    ck_assert_int_eq(found->expires, i);
  }
  ck_assert_ptr_null(cache.find(1, digest(5, 0)));
  ck_assert_ptr_nonnull(cache.find(0, digest(6, 1)));
}
END_TEST

START_TEST(every_set_of_the_cache_is_used) {
  JwtCache cache;
  auto digest = [](size_t set, size_t number) {
    Digest out{};
    out[0] = static_cast<unsigned char>(set % 256);
    out[1] = static_cast<unsigned char>(set / 256);
    out[31] = static_cast<unsigned char>(number);
    return out;
  };
  const KeptProof proof;
  for (size_t i = 0; i < JwtCache::kSets * JwtCache::kWays; ++i)
    cache.put(0, digest(i / JwtCache::kWays, i % JwtCache::kWays), proof);
  for (size_t i = 0; i < JwtCache::kSets * JwtCache::kWays; ++i)
    ck_assert_ptr_nonnull(cache.find(0, digest(i / JwtCache::kWays, i % JwtCache::kWays)));
}
END_TEST

// More keys than prepared contexts are kept.
START_TEST(many_keys) {
  std::string consumers;
  std::vector<SigningKey> keys;
  constexpr size_t kMany = 4200;
  for (size_t i = 0; i < kMany; ++i) {
    keys.emplace_back(JwtAlgorithm::hs256, "a secret of thirty-two bytes " + std::to_string(1000 + i));
    consumers += jwt_consumer("c" + std::to_string(i), keys.back().jwk("k" + std::to_string(i)));
  }
  Proving prove(consumers);
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < kMany; ++i) {
      ck_text_eq(prove(keys[i].token(keys[i].header("k" + std::to_string(i)), "{}")),
                 "c" + std::to_string(i));
    }
  }
}
END_TEST

START_TEST(no_memory_lets_nobody_through) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("c", key.jwk()));
  const std::string token = key.token(R"({"sub":"x"})");
  for (int left = 0;; ++left) {
    testing::ScarceArena arena(left);
    JwtProof proof;
    const Problem problem = prove.verifier().verify(0, token, 0, arena, proof);
    if (!problem) {
      ck_assert_int_gt(left, 3);
      break;
    }
    ck_assert(problem.slug == Slug::internal_error);
  }
}
END_TEST

START_TEST(what_looks_like_a_token) {
  BlockArena arena;
  const SigningKey key(JwtAlgorithm::hs256);
  ck_assert(looks_like_token(key.token("{}"), arena));
  ck_assert(looks_like_token(base64url_encode(" {\"a\":1,\"a\":1}") + "..", arena));
  for (const std::string& other :
       {std::string("tg_abc"), std::string("a.b.c"), std::string("..."), std::string(".."), std::string(""),
        base64url_encode("[]") + ".a.b", base64url_encode("{}") + "=.a.b", base64url_encode("{}") + ".a",
        base64url_encode("{}") + ".a.b.c", std::string(100000, '.'), base64url_encode("x{}") + ".a.b"}) {
    ck_assert_msg(!looks_like_token(other, arena), "%.80s", other.c_str());
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_jwt", the_tokens_of_rfc_7515_appendix_a, the_signatures_of_rfc_7520_and_rfc_8037,
                every_algorithm_with_and_without_kid, times, audiences, claim_conditions,
                the_consumer_is_the_one_whose_conditions_hold, sources_are_kept_apart,
                a_proof_is_kept_until_its_token_expires, what_is_not_kept, kept_proofs_give_way,
                a_full_set_forgets_the_least_recently_used, every_set_of_the_cache_is_used, many_keys,
                no_memory_lets_nobody_through, what_looks_like_a_token);
