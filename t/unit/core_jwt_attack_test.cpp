// core/jwt: all known attacks (RFC 8725, issue lists of other libraries) are
// rejected at the same cost.
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "core_jwt_testing.hpp"

using namespace tablegate::core;
using testing::jwt_consumer;
using testing::Proving;
using testing::SigningKey;
using testing::unsigned_token;

namespace {

START_TEST(no_algorithm_is_none) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("c", key.jwk()));
  for (const char* none :
       {"none", "None", "NONE", "nOnE", "none ", " none", "", "null", "hs256", "Hs256", "HS256 ", "HS2567",
        "HS1", "A128GCM", "dir", "ES256K", "Ed25519", "eddsa", "RS1"}) {
    const std::string header = "{\"alg\":\"" + std::string(none) + "\"}";
    for (const std::string& signature : {std::string(), std::string(32, '\0'), std::string("x")}) {
      ck_assert(prove(unsigned_token(header, "{}", signature)).find("invalid_credential: ") == 0);
    }
    // Even when it is signed.
    ck_text_eq(prove(key.token(header, "{}")), "invalid_credential: alg_unknown");
  }
  for (const char* header :
       {"{}", R"({"alg":null})", R"({"alg":1})", R"({"alg":["HS256"]})", R"({"alg":{"x":"HS256"}})",
        R"({"Alg":"HS256"})", R"({"x":{"alg":"HS256"}})", R"({"alg":true})"}) {
    ck_text_eq(prove(key.token(header, "{}")), "invalid_credential: alg_missing");
  }
  ck_text_eq(prove(key.token(R"({"alg":"HS256\u0000"})", "{}")), "invalid_credential: json");
  ck_text_eq(prove(key.token(R"({"\u0061lg":"HS25\u0036"})", "{}")), "c");
}
END_TEST

// The public key, in all its texts, as the secret of an HMAC.
START_TEST(a_public_key_is_no_secret) {
  for (JwtAlgorithm algorithm : {JwtAlgorithm::rs256, JwtAlgorithm::es256, JwtAlgorithm::eddsa}) {
    const SigningKey key(algorithm);
    const std::string pem = key.public_pem();
    std::string bare = pem;
    bare.pop_back();
    const Result<std::vector<Jwk>> read = parse_jwks("[" + key.jwk() + "]");
    for (const std::string& jwk : {key.jwk(), key.jwk("k"), key.jwk_without_alg()}) {
      Proving prove(jwt_consumer("c", jwk));
      for (const std::string& secret : {pem, bare, key.public_der(), key.jwk(), key.jwk_without_alg(),
                                        "[" + key.jwk() + "]", std::string(), read->front().modulus}) {
        for (JwtAlgorithm hmac : {JwtAlgorithm::hs256, JwtAlgorithm::hs384, JwtAlgorithm::hs512}) {
          const SigningKey forger(hmac, secret.empty() ? std::string(64, '\0') : secret);
          const std::string answer = prove(forger.token(forger.header(), "{}"));
          ck_assert_msg(
              answer == "invalid_credential: alg_mismatch" || answer == "invalid_credential: kid_missing",
              "%s", answer.c_str());
          ck_assert(prove(forger.token(forger.header("k"), "{}")).find("invalid_credential: ") == 0);
        }
      }
    }
    // Nor is it accepted as a secret in a setting.
    for (const std::string& secret : {pem, bare, key.public_der(), key.jwk(), " \n" + key.jwk()}) {
      const Result<std::string> jwk = jwk_from_secret(secret, JwtAlgorithm::hs256, std::nullopt);
      ck_assert(!jwk || secret.size() < 32);
      const std::string by_hand = R"([{"kty":"oct","k":")" + base64url_encode(secret) + "\"}]";
      ck_assert(!parse_jwks(by_hand));
    }
  }
}
END_TEST

// The reverse: a secret never verifies as a key of another type.
START_TEST(types_and_curves_are_not_mixed) {
  std::vector<SigningKey> keys;
  for (JwtAlgorithm algorithm : testing::all_algorithms()) keys.emplace_back(algorithm);
  for (const SigningKey& owner : keys) {
    Proving prove(jwt_consumer("c", owner.jwk_without_alg()));
    for (const SigningKey& other : keys) {
      if (&owner == &other) continue;
      ck_assert(prove(other.token("{}")).find("invalid_credential: ") == 0);
    }
  }
  // ES256 with a key of P-384, whatever the header says.
  const SigningKey wrong(JwtAlgorithm::es384);
  Proving prove(jwt_consumer("c", wrong.jwk()));
  const std::string input = base64url_encode(R"({"alg":"ES256"})") + "." + base64url_encode("{}");
  ck_text_eq(prove(input + "." + base64url_encode(wrong.sign(JwtAlgorithm::es384, input))),
             "invalid_credential: signature_form");
  ck_text_eq(prove(unsigned_token(R"({"alg":"ES256"})", "{}", std::string(64, '\1'))),
             "invalid_credential: alg_mismatch");
}
END_TEST

START_TEST(keys_inside_the_token_are_not_looked_at) {
  for (JwtAlgorithm algorithm :
       {JwtAlgorithm::es256, JwtAlgorithm::rs256, JwtAlgorithm::hs256, JwtAlgorithm::eddsa}) {
    const SigningKey owner(algorithm), forger(algorithm);
    Proving prove(jwt_consumer("c", owner.jwk()) + jwt_consumer("d", SigningKey(algorithm).jwk("k")));
    const std::string name(jwt_algorithm_name(algorithm));
    for (const std::string& member :
         {"\"jwk\":" + forger.jwk(), std::string(R"("jku":"http://127.0.0.1/jwks")"),
          std::string(R"("x5u":"http://127.0.0.1/x")"), std::string(R"("x5c":["MIIB"])"),
          std::string(R"("x5t":"abc")"), "\"keys\":[" + forger.jwk() + "]"}) {
      const std::string header = R"({"alg":")" + name + R"(",)" + member;
      ck_text_eq(prove(forger.token(header + "}", "{}")), "invalid_credential: bad_signature");
      ck_text_eq(prove(forger.token(header + R"(,"kid":"other"})", "{}")), "invalid_credential: kid_unknown");
      ck_text_eq(prove(forger.token(header + R"(,"kid":"k"})", "{}")), "invalid_credential: bad_signature");
      // They do not matter if the right key signed.
      ck_text_eq(prove(owner.token(header + "}", "{}")), "c");
    }
  }
}
END_TEST

START_TEST(hostile_kids) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("c", key.jwk("k")));
  for (const std::string& kid :
       {std::string("K"), std::string("k "), std::string("../../../../dev/null"), std::string("/dev/null"),
        std::string("' OR '1'='1"), std::string("x' UNION SELECT 'secret"), std::string("%s%n"),
        std::string("k\\u0001"), std::string(12000, 'k'), std::string("\\ud83d\\ude00"), std::string("")}) {
    ck_text_eq(prove(key.token(R"({"alg":"HS256","kid":")" + kid + "\"}", "{}")),
               "invalid_credential: kid_unknown");
  }
  for (const char* kid : {"1", "null", "true", R"(["k"])", R"({"k":"k"})"}) {
    ck_text_eq(prove(key.token(R"({"alg":"HS256","kid":)" + std::string(kid) + "}", "{}")),
               "invalid_credential: kid_type");
  }
  ck_text_eq(prove(key.token(R"({"alg":"HS256","kid":"k\u0000"})", "{}")), "invalid_credential: json");
  ck_text_eq(prove(key.token(std::string("{\"alg\":\"HS256\",\"kid\":\"k\0\"}", 24), "{}")),
             "invalid_credential: json");
  ck_text_eq(prove(key.token(R"({"alg":"HS256","kid":"\u006b"})", "{}")), "c");
}
END_TEST

START_TEST(extensions_are_refused) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("c", key.jwk()));
  for (const char* crit :
       {R"(["exp"])", R"(["b64"])", "[]", R"(["x"])", "null", "true", R"("exp")", "{}", R"(["alg"])"}) {
    ck_text_eq(prove(key.token(R"({"alg":"HS256","exp":1,"crit":)" + std::string(crit) + "}", "{}")),
               "invalid_credential: crit");
  }
  for (const char* b64 : {"false", "null", "0", R"("false")", R"("true")", "[]"}) {
    ck_text_eq(prove(key.token(R"({"alg":"HS256","b64":)" + std::string(b64) + "}", "{}")),
               "invalid_credential: b64");
  }
  // RFC 7797's own form of a token: the payload unencoded.
  const std::string header = base64url_encode(R"({"alg":"HS256","b64":false,"crit":["b64"]})");
  const std::string input = header + ".{}";
  ck_assert(prove(input + "." + base64url_encode(key.sign(JwtAlgorithm::hs256, input))).find("invalid") == 0);
  ck_text_eq(prove(key.token(R"({"alg":"HS256","b64":true})", "{}")), "c");
}
END_TEST

START_TEST(duplicate_members_are_refused) {
  const SigningKey key(JwtAlgorithm::hs256);
  Proving prove(jwt_consumer("c", key.jwk()));
  for (const char* header :
       {R"({"alg":"HS256","alg":"none"})", R"({"alg":"none","alg":"HS256"})",
        R"({"alg":"HS256","alg":"HS256"})", R"({"alg":"HS256","\u0061lg":"HS256"})",
        R"({"alg":"HS256","x":{"a":1,"a":1}})", R"({"alg":"HS256","kid":"a","kid":"a"})",
        R"({"alg":"HS256","x":[{"y":[{"a":1,"b":2,"a":3}]}]})", R"({"alg":"HS256","":1,"":2})"}) {
    ck_text_eq(prove(key.token(header, "{}")), "invalid_credential: duplicate_member");
  }
  for (const char* payload :
       {R"({"iss":"a","iss":"b"})", R"({"exp":1,"exp":9999})", R"({"aud":["a"],"x":1,"aud":["a"]})",
        R"({"x":{"y":{"z":1,"z":1}}})", R"({"\ud83d\ude00":1,"😀":2})"}) {
    ck_text_eq(prove(key.token(payload)), "invalid_credential: duplicate_member");
  }
  // The same name in different objects is no duplicate, nor is a name that equals a value.
  ck_text_eq(
      prove(key.token(R"({"a":{"a":{"a":"a"}},"b":[{"a":1},{"a":1},"a","a"],"aud":["a","a"],"c":"a"})")),
      "c");
  // Many members: found by sorting.
  std::string many = "{";
  for (int i = 0; i < 900; ++i) many += "\"m" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  ck_text_eq(prove(key.token(many + "\"z\":0}")), "c");
  for (const char* again : {"\"m0\":0}", "\"m450\":0}", "\"m899\":0}"}) {
    ck_text_eq(prove(key.token(many + again)), "invalid_credential: duplicate_member");
  }
  ck_text_eq(prove(key.token(many + R"("z":{"m0":1},"y":[{"m0":1},{"m0":2}]})")), "c");
  ck_text_eq(prove(key.token(many + R"("z":{"m0":1,"m0":1}})")), "invalid_credential: duplicate_member");
}
END_TEST

START_TEST(each_token_has_one_spelling) {
  const SigningKey key(JwtAlgorithm::es256);
  Proving prove(jwt_consumer("c", key.jwk()));
  const std::string token = key.token(R"({"s":"x"})");
  ck_text_eq(prove(token), "c");
  const size_t first = token.find('.'), second = token.find('.', first + 1);
  // Padding, blanks, line ends, the other alphabet, NUL and percent signs, at each part's end and inside.
  for (const std::string& extra :
       {std::string("="), std::string("=="), std::string(" "), std::string("\n"), std::string("+"),
        std::string("/"), std::string(1, '\0'), std::string("%3D"), std::string("\xC3\xA9")}) {
    for (const size_t at :
         {size_t{0}, size_t{3}, first, first + 1, first + 4, second, second + 1, second + 5, token.size()}) {
      std::string changed = token;
      changed.insert(at, extra);
      ck_assert(prove(changed).find("invalid_credential: ") == 0);
    }
  }
  // Bits after the last byte: 64 bytes leave four of them, so that fifteen other last characters decode to
  // the same bytes.
  unsigned tried = 0;
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    std::string changed = token;
    if (changed.back() == c) continue;
    changed.back() = c;
    ck_assert(prove(changed).find("invalid_credential: ") == 0);
    ++tried;
  }
  ck_assert_uint_eq(tried, 63);
}
END_TEST

START_TEST(signatures_of_ecdsa) {
  for (JwtAlgorithm algorithm : {JwtAlgorithm::es256, JwtAlgorithm::es384, JwtAlgorithm::es512}) {
    const JwkCurve curve = jwt_key_curve(algorithm);
    const SigningKey key(algorithm);
    Proving prove(jwt_consumer("c", key.jwk()));
    const std::string input = base64url_encode(key.header()) + "." + base64url_encode("{}");
    const std::string der = key.sign_raw(algorithm, input);
    const std::string good = SigningKey::pair_of(der, curve);
    const size_t half = good.size() / 2;
    auto with = [&](const std::string& signature) {
      return prove(input + "." + base64url_encode(signature));
    };
    ck_text_eq(with(good), "c");
    ck_text_eq(with(der), "invalid_credential: signature_form");
    ck_text_eq(with(good + '\0'), "invalid_credential: signature_form");
    ck_text_eq(with('\0' + good), "invalid_credential: signature_form");
    ck_text_eq(with(good.substr(1)), "invalid_credential: signature_form");
    ck_text_eq(with(good.substr(0, good.size() - 1)), "invalid_credential: signature_form");
    ck_text_eq(with(good.substr(half)), "invalid_credential: signature_form");

    const std::unique_ptr<EC_GROUP, OpenSslFree<EC_GROUP_free>> group(
        EC_GROUP_new_by_curve_name(OBJ_txt2nid(ec_group_name(curve))));
    const BIGNUM* order = EC_GROUP_get0_order(group.get());
    auto bytes = [&](const BIGNUM* number) {
      std::string out(half, '\0');
      ck_assert_int_gt(
          BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(half)), 0);
      return out;
    };
    const std::string n = bytes(order);
    std::string below = n, above = n;
    below.back() = static_cast<char>(below.back() - 1);
    above.back() = static_cast<char>(above.back() + 1);
    const std::string zero(half, '\0'), most(half, '\xff');
    const std::string r = good.substr(0, half), s = good.substr(half);
    // CVE-2022-21449: without a check, zeros are valid for every message.
    for (const std::string& bad :
         {zero + zero, zero + s, r + zero, n + s, r + n, above + s, r + above, most + most, n + n}) {
      ck_text_eq(with(bad), "invalid_credential: signature_form");
    }
    // In range, and not the signature: n - 1, 1, and s of another r.
    const std::string one = std::string(half - 1, '\0') + '\1';
    for (const std::string& bad : {below + below, one + one, r + below, one + s, s + r}) {
      ck_text_eq(with(bad), "invalid_credential: bad_signature");
    }
    // r + n is the same residue, if it fits the size.
    const BnPtr sum(BN_new());
    const BnPtr value(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(r.data()), static_cast<int>(half), nullptr));
    BN_add(sum.get(), value.get(), order);
    if (static_cast<size_t>(BN_num_bytes(sum.get())) <= half) {
      ck_text_eq(with(bytes(sum.get()) + s), "invalid_credential: signature_form");
    }
    // (r, n - s) is also a valid signature in any ECDSA; it makes another token with the same meaning.
    BN_bin2bn(reinterpret_cast<const unsigned char*>(s.data()), static_cast<int>(half), value.get());
    BN_sub(sum.get(), order, value.get());
    ck_text_eq(with(r + bytes(sum.get())), "c");
    // Short numbers keep their leading zeros: sign until one occurs.
    for (int i = 0; i < 3000; ++i) {
      const std::string payload = "{\"i\":" + std::to_string(i) + "}";
      const std::string other = base64url_encode(key.header()) + "." + base64url_encode(payload);
      const std::string signature = key.sign(algorithm, other);
      if (signature[0] != '\0' && signature[half] != '\0') continue;
      ck_text_eq(prove(other + "." + base64url_encode(signature)), "c");
      break;
    }
  }
}
END_TEST

START_TEST(signatures_of_rsa_and_ed25519) {
  const SigningKey rsa(JwtAlgorithm::rs256);
  Proving prove(jwt_consumer("c", rsa.jwk()));
  const std::string input = base64url_encode(rsa.header()) + "." + base64url_encode("{}");
  const std::string good = rsa.sign(JwtAlgorithm::rs256, input);
  auto with = [&](const std::string& signature) { return prove(input + "." + base64url_encode(signature)); };
  ck_text_eq(with(good), "c");
  const Result<std::vector<Jwk>> keys = parse_jwks("[" + rsa.jwk() + "]");
  for (const std::string& bad : {std::string(256, '\0'), std::string(256, '\xff'),
                                 std::string(255, '\0') + '\1', keys->front().modulus, good.substr(1) + 'x',
                                 '\0' + good, good + '\0', std::string(2048, 'x'), std::string(512, 'x')}) {
    ck_text_eq(with(bad), "invalid_credential: bad_signature");
  }
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string(255, 'x'), std::string(2049, 'x')}) {
    ck_assert(with(bad).find("invalid_credential: ") == 0);
  }
  // PSS has salts as long as the hash (RFC 7518 section 3.5).
  SigningKey pss(JwtAlgorithm::ps256);
  Proving prove_pss(jwt_consumer("c", pss.jwk()));
  ck_text_eq(prove_pss(pss.token("{}")), "c");
  for (const int salt : {0, 20, 31, 33, 64}) {
    pss.set_pss_salt(salt);
    ck_text_eq(prove_pss(pss.token("{}")), "invalid_credential: bad_signature");
  }

  const SigningKey ed(JwtAlgorithm::eddsa);
  Proving prove_ed(jwt_consumer("c", ed.jwk()));
  const std::string ed_input = base64url_encode(ed.header()) + "." + base64url_encode("{}");
  const std::string ed_good = ed.sign(JwtAlgorithm::eddsa, ed_input);
  auto with_ed = [&](const std::string& signature) {
    return prove_ed(ed_input + "." + base64url_encode(signature));
  };
  ck_text_eq(with_ed(ed_good), "c");
  ck_text_eq(with_ed(ed_good + "x"), "invalid_credential: signature_form");
  ck_text_eq(with_ed(ed_good.substr(1)), "invalid_credential: signature_form");
  ck_text_eq(with_ed(std::string(64, '\0')), "invalid_credential: bad_signature");
  // S + L is the same residue; RFC 8032 section 5.1.7 rejects it.
  BIGNUM* raw = nullptr;
  BN_hex2bn(&raw, "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");
  const BnPtr order(raw);
  const BnPtr s(BN_lebin2bn(reinterpret_cast<const unsigned char*>(ed_good.data()) + 32, 32, nullptr));
  BN_add(s.get(), s.get(), order.get());
  std::string malleable = ed_good;
  ck_assert_int_eq(BN_bn2lebinpad(s.get(), reinterpret_cast<unsigned char*>(malleable.data()) + 32, 32), 32);
  ck_text_eq(with_ed(malleable), "invalid_credential: bad_signature");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_jwt_attack", no_algorithm_is_none, a_public_key_is_no_secret,
                types_and_curves_are_not_mixed, keys_inside_the_token_are_not_looked_at, hostile_kids,
                extensions_are_refused, duplicate_members_are_refused, each_token_has_one_spelling,
                signatures_of_ecdsa, signatures_of_rsa_and_ed25519);
