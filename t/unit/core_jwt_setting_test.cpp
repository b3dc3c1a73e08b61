// core/jwt_setting: valid settings, and settings that conflict.
#include <jansson.h>

#include <random>

#include "core_jwt_testing.hpp"

using namespace tablegate::core;
using testing::jwt_consumer;
using testing::SigningKey;

namespace {

std::string refused(const std::string& consumers) {
  return testing::refusal_of_credentials(consumers);
}

const SigningKey& key(size_t number) {
  static const std::array<SigningKey, 3> keys = {
      SigningKey(JwtAlgorithm::hs512), SigningKey(JwtAlgorithm::es256), SigningKey(JwtAlgorithm::eddsa)};
  return keys[number];
}

START_TEST(a_setting_is_read_whole) {
  const auto manifest = testing::good_manifest(
      jwt_consumer(
          "a", key(0).jwk("k"),
          R"("source":{"in":"cookie","name":"t"},"issuer":"i","audience":"u","claim":{"name":"n","value":"v"},)"
          R"("leeway":0,"require_exp":true,)") +
      jwt_consumer("b", key(1).jwk()) +
      R"({"kind":"consumer","name":"c","enabled":true,"apis":[],"api_keys":[]})"
      "\n");
  ck_assert_uint_eq(manifest->jwt_settings.size(), 2);
  const JwtSetting& a = manifest->jwt_settings[0];
  ck_assert_uint_eq(a.consumer, 0);
  ck_assert(a.source.in == TokenSource::In::cookie);
  ck_text_eq(a.source.name, "t");
  ck_text_eq(a.source.prefix, "");
  ck_text_eq(a.issuer.value_or(""), "i");
  ck_text_eq(a.audience.value_or(""), "u");
  ck_text_eq(a.claim ? a.claim->name + "=" + a.claim->value : "", "n=v");
  ck_assert_int_eq(a.leeway_s, 0);
  ck_assert(a.require_exp);
  const JwtSetting& b = manifest->jwt_settings[1];
  ck_assert_uint_eq(b.consumer, 1);
  ck_text_eq(b.source.name + " " + b.source.prefix, "Authorization Bearer");
  ck_assert(!b.issuer && !b.audience && !b.claim && !b.require_exp);
  ck_assert_int_eq(b.leeway_s, 60);
}
END_TEST

START_TEST(refusals_name_consumer_and_key) {
  const std::string good = key(1).jwk();
  auto with = [&](const std::string& members) { return refused(jwt_consumer("shop", good, members)); };
  ck_text_eq(refused(jwt_consumer("shop", R"({"kty":"oct","k":"AAAA"})")),
             "line 2: consumer \"shop\": /jwt/keys/0/k: must have at least 32 bytes, as the hash has (RFC "
             "7518 section "
             "3.2)");
  ck_text_eq(refused(jwt_consumer("shop", good + ",{}")),
             "line 2: consumer \"shop\": /jwt/keys/1/kty: is missing");
  ck_text_eq(refused(jwt_consumer("shop", "")), "line 2: consumer \"shop\": /jwt/keys: has no key");
  ck_text_eq(with(R"("issuer":"",)"), "line 2: consumer \"shop\": /jwt/issuer: must have 1 to 1024 bytes");
  ck_text_eq(with(R"("issuer":1,)"), "line 2: consumer \"shop\": /jwt/issuer: must be a string");
  ck_text_eq(with(R"("audience":[],)"), "line 2: consumer \"shop\": /jwt/audience: must be a string");
  ck_text_eq(with(R"("leeway":3601,)"), "line 2: consumer \"shop\": /jwt/leeway: is out of range");
  ck_text_eq(with(R"("leeway":-1,)"), "line 2: consumer \"shop\": /jwt/leeway: is out of range");
  ck_text_eq(with(R"("require_exp":1,)"),
             "line 2: consumer \"shop\": /jwt/require_exp: must be true or false");
  ck_text_eq(with(R"("claim":{"name":"x"},)"), "line 2: consumer \"shop\": /jwt/claim/value: is missing");
  ck_text_eq(with(R"("claim":{"name":"","value":"x"},)"),
             "line 2: consumer \"shop\": /jwt/claim/name: must have 1 to 128 bytes");
  ck_text_eq(with(R"("other":1,)"), "line 2: consumer \"shop\": /jwt/other: is not known");
  ck_text_eq(with(R"("source":{"in":"body","name":"x"},)"),
             "line 2: consumer \"shop\": /jwt/source/in: has a value that is not known");
  ck_text_eq(with(R"("source":{"in":"header","name":"a b"},)"),
             "line 2: consumer \"shop\": /jwt/source/name: is not a name of a header or a cookie");
  ck_text_eq(with(R"("source":{"in":"cookie","name":"a=b"},)"),
             "line 2: consumer \"shop\": /jwt/source/name: is not a name of a header or a cookie");
  ck_text_eq(with(R"("source":{"in":"header","name":"a","prefix":"b c"},)"),
             "line 2: consumer \"shop\": /jwt/source/prefix: must be one word");
  ck_text_eq(with(R"("source":{"in":"query","name":"a","prefix":"b"},)"),
             "line 2: consumer \"shop\": /jwt/source/prefix: is for headers only");
  ck_text_eq(with(R"("source":{"in":"query","name":"a b","prefix":""},)"), "accepted");
}
END_TEST

START_TEST(the_loaders_form) {
  json_error_t error;
  const std::string text = R"({"issuer":"i","keys":[)" + key(1).jwk() + "]}";
  json_t* good = json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &error);
  const Result<JwtSetting> setting = read_jwt_setting(good, 5);
  ck_assert(static_cast<bool>(setting));
  ck_assert_uint_eq(setting->consumer, 5);
  ck_text_eq(setting->issuer.value_or(""), "i");
  json_decref(good);
  for (const char* bad : {R"({"keys":[{}]})", R"({"keys":{}})", R"([])", R"({})", R"({"keys":[],"x":1})"}) {
    json_t* json = json_loads(bad, 0, &error);
    ck_assert(!read_jwt_setting(json, 0));
    json_decref(json);
  }
}
END_TEST

START_TEST(one_token_never_means_two_consumers) {
  const std::string reason =
      "consumers \"a\" and \"b\" could accept the same token: they share a key at one source; give each "
      "another issuer or "
      "another value of one claim";
  auto pair = [](const std::string& a, const std::string& b, const std::string& keys_a,
                 const std::string& keys_b) {
    return refused(jwt_consumer("a", keys_a, a) + jwt_consumer("b", keys_b, b));
  };
  const std::string one = key(1).jwk(), other = key(2).jwk();
  ck_text_eq(pair("", "", one, one), reason);
  ck_text_eq(pair("", "", one, other), "accepted");
  ck_text_eq(pair("", "", one, key(1).jwk("kid")), reason);
  ck_text_eq(pair("", "", one, other + "," + key(1).jwk("kid")), reason);
  ck_text_eq(pair(R"("issuer":"x",)", R"("issuer":"y",)", one, one), "accepted");
  ck_text_eq(pair(R"("issuer":"x",)", R"("issuer":"x",)", one, one), reason);
  ck_text_eq(pair(R"("issuer":"x",)", "", one, one), reason);
  ck_text_eq(pair(R"("audience":"x",)", R"("audience":"y",)", one, one), reason);
  ck_text_eq(
      pair(R"("claim":{"name":"uid","value":"1"},)", R"("claim":{"name":"uid","value":"2"},)", one, one),
      "accepted");
  ck_text_eq(
      pair(R"("claim":{"name":"uid","value":"1"},)", R"("claim":{"name":"uid","value":"1"},)", one, one),
      reason);
  ck_text_eq(
      pair(R"("claim":{"name":"uid","value":"1"},)", R"("claim":{"name":"sub","value":"2"},)", one, one),
      reason);
  ck_text_eq(pair(R"("claim":{"name":"uid","value":"1"},)", "", one, one), reason);
  ck_text_eq(pair(R"("source":{"in":"query","name":"t"},)", "", one, one), "accepted");
  ck_text_eq(
      pair(R"("source":{"in":"query","name":"t"},)", R"("source":{"in":"query","name":"T"},)", one, one),
      "accepted");
  ck_text_eq(
      pair(R"("source":{"in":"header","name":"T"},)", R"("source":{"in":"header","name":"t"},)", one, one),
      reason);
  ck_text_eq(pair(R"("source":{"in":"header","name":"authorization","prefix":"BEARER"},)", "", one, one),
             reason);
  ck_text_eq(pair(R"("source":{"in":"header","name":"T","prefix":"A"},)",
                  R"("source":{"in":"header","name":"T"},)", one, one),
             "accepted");
  // One key for different algorithms: a token names one.
  const SigningKey rsa(JwtAlgorithm::rs256);
  const Result<std::string> pss = jwk_from_pem(rsa.public_pem(), JwtAlgorithm::ps256, std::nullopt);
  ck_text_eq(pair("", "", rsa.jwk(), *pss), "accepted");
  ck_text_eq(pair("", "", rsa.jwk_without_alg(), *pss), reason);
}
END_TEST

// Eight keys that may have signed one token can be tried, nine cannot.
START_TEST(no_token_costs_more_than_eight_verifications) {
  auto consumers = [](size_t count, const std::string& kid, const std::string& members) {
    std::string all;
    for (size_t i = 0; i < count; ++i) {
      const SigningKey own(JwtAlgorithm::hs256, "a secret of thirty-two bytes " + std::to_string(1000 + i));
      all += jwt_consumer("c" + std::to_string(i), own.jwk(kid.empty() ? "" : kid), members);
    }
    return all;
  };
  ck_text_eq(refused(consumers(8, "", "")), "accepted");
  ck_assert(refused(consumers(9, "", ""))
                .find("are among those that have more than 8 keys that one token may have been "
                      "signed with: tell them apart by kid or issuer") != std::string::npos);
  ck_assert(refused(consumers(9, "k", "")).find("more than 8 keys") != std::string::npos);
  ck_assert(refused(consumers(9, "k", R"("issuer":"i",)")).find("more than 8 keys") != std::string::npos);
  // A setting without an issuer adds to every issuer.
  ck_assert(refused(consumers(8, "k", R"("issuer":"i",)") +
                    jwt_consumer("x", key(0).jwk_without_alg().insert(1, R"("kid":"k",)")))
                .find("more than 8 keys") != std::string::npos);
  ck_text_eq(refused(consumers(8, "k", R"("issuer":"i",)") + jwt_consumer("x", key(1).jwk("k"))), "accepted");
  std::string many;
  for (size_t i = 0; i < 9; ++i) {
    many += (i == 0 ? "" : ",") +
            SigningKey(JwtAlgorithm::hs256, "a secret of thirty-two bytes " + std::to_string(i + 1000)).jwk();
  }
  ck_text_eq(refused(jwt_consumer("c", many)),
             "consumer \"c\" has more than 8 keys that one token may have been signed with: tell them apart "
             "by kid or issuer");

  // Eight are tried, whichever they are.
  testing::Proving prove(consumers(8, "", ""));
  for (size_t i = 0; i < 8; ++i) {
    const SigningKey own(JwtAlgorithm::hs256, "a secret of thirty-two bytes " + std::to_string(1000 + i));
    ck_text_eq(prove(own.token("{}")), "c" + std::to_string(i));
    ck_assert_uint_le(prove.cost(own.token("{}")), 8);
  }
  ck_assert_uint_eq(prove.cost(SigningKey(JwtAlgorithm::hs256).token("{}")), 8);
  ck_assert_uint_eq(prove.cost(SigningKey(JwtAlgorithm::hs256).token(R"({"alg":"HS256","kid":"x"})", "{}")),
                    8);
}
END_TEST

// find_jwt_conflict() over any settings gives the same result as asking for every pair.
START_TEST(conflicts_are_those_of_the_pairs) {
  std::mt19937 random(7);
  auto below = [&random](unsigned limit) { return random() % limit; };
  unsigned conflicts = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<JwtSetting> settings;
    const unsigned count = 2 + below(4);
    for (unsigned i = 0; i < count; ++i) {
      std::string keys = "[" + key(below(3)).jwk(below(2) == 0 ? "" : "k") + "]";
      if (below(3) == 0) keys = "[" + key(0).jwk("x") + "," + key(1 + below(2)).jwk() + "]";
      JwtSetting setting;
      setting.keys = std::move(*parse_jwks(keys));
      if (below(3) > 0) setting.issuer = std::string(1, static_cast<char>('a' + below(3)));
      if (below(3) > 0) {
        setting.claim =
            ClaimCondition{below(6) == 0 ? "n" : "m", std::string(1, static_cast<char>('a' + below(4)))};
      }
      if (below(4) == 0) setting.source.in = TokenSource::In::query;
      settings.push_back(std::move(setting));
    }
    bool expected = false;
    for (size_t i = 0; i < settings.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        ck_assert(could_both_accept(settings[i], settings[j]) == could_both_accept(settings[j], settings[i]));
        expected = expected || could_both_accept(settings[i], settings[j]);
      }
    }
    const std::optional<JwtConflict> found = find_jwt_conflict(settings);
    ck_assert(found.has_value() == expected);
    if (!found) continue;
    ++conflicts;
    ck_assert(found->first != found->second && !found->crowd);
    ck_assert(could_both_accept(settings[found->first], settings[found->second]));
  }
  ck_assert_uint_gt(conflicts, 100);
  ck_assert_uint_lt(conflicts, 950);
}
END_TEST

// A key of many consumers is stored once and told apart by claim: the lookup does not grow with their number.
START_TEST(many_consumers_of_one_key) {
  const SigningKey shared(JwtAlgorithm::es256);
  std::string consumers;
  constexpr size_t kMany = 3000;
  const std::string jwk = shared.jwk("k");
  for (size_t i = 0; i < kMany; ++i) {
    consumers += jwt_consumer("c" + std::to_string(i), jwk,
                              R"("issuer":"i","claim":{"name":"uid","value":")" + std::to_string(i) + "\"},");
  }
  testing::Proving prove(consumers);
  size_t copies = 0;
  for (const JwtSetting& setting : prove.manifest().jwt_settings) copies += setting.keys[0].key ? 1 : 0;
  ck_assert_uint_eq(copies, 1);
  for (const size_t i : {size_t{0}, size_t{9}, size_t{1234}, kMany - 1}) {
    const std::string token =
        shared.token(shared.header("k"), R"({"iss":"i","uid":)" + std::to_string(i) + "}");
    ck_assert_uint_eq(prove.cost(token), 1);
    ck_text_eq(prove(token), "c" + std::to_string(i));
    ck_text_eq(prove.proof.kid, "k");
  }
  ck_text_eq(prove(shared.token(shared.header("k"), R"({"iss":"i","uid":3000})")),
             "invalid_credential: claim_mismatch");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_jwt_setting", a_setting_is_read_whole, refusals_name_consumer_and_key, the_loaders_form,
                one_token_never_means_two_consumers, no_token_costs_more_than_eight_verifications,
                conflicts_are_those_of_the_pairs, many_consumers_of_one_key);
