// core/authentication: where a request has its credential, and whether it opens
// the API.
#include "core/proof/authentication.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;
using testing::api_line;
using testing::Headers;

namespace {

constexpr int64_t kNow = 1750000000;

std::string key_of(const std::string& id, const std::string& more = {}) {
  return R"({"id":")" + id + R"(","sha256":")" + testing::sha256_hex("key-" + id) + "\"" + more + "}";
}

// APIs: 1 by bearer, 2 by header X-API-Key, 3 by query parameter k, 4 open, 5 authorised for no consumer.
// Consumers: good (keys plain, early, late, old), off (disabled; key off).
std::unique_ptr<const Manifest> a_manifest() {
  const std::string now = std::to_string(kNow);
  return testing::good_manifest(
      api_line("1", "GET", "/1") +
      api_line("2", "GET", "/2", "[]",
               {{R"("statement")", R"("api_key_source":{"in":"header","name":"X-API-Key"},"statement")"}}) +
      api_line("3", "GET", "/3", "[]",
               {{R"("statement")", R"("api_key_source":{"in":"query","name":"k"},"statement")"}}) +
      api_line("4", "GET", "/4", "[]", {{R"(["api_key"])", "[]"}}) + api_line("5", "GET", "/5") +
      R"({"kind":"consumer","name":"good","enabled":true,"apis":[1,2,3],"api_keys":[)" + key_of("plain") +
      "," + key_of("early", ",\"not_before\":" + now) + "," + key_of("late", ",\"expires\":" + now) + "," +
      key_of("both", ",\"not_before\":" + now + ",\"expires\":" + std::to_string(kNow + 1)) + "]}\n" +
      R"({"kind":"consumer","name":"off","enabled":false,"apis":[1],"api_keys":[)" + key_of("off") + "," +
      key_of("off-old", ",\"expires\":5") + "]}\n");
}

// "consumer key", "open", or the slug.
std::string outcome(const Manifest& manifest, unsigned api, const Headers& headers,
                    std::string_view query = {}, int64_t now = kNow) {
  BlockArena arena;
  RequestData request;
  request.query = query;
  request.headers = &headers;
  const Proof proof = Authenticator(manifest).authenticate(manifest.apis[api - 1], request, {}, now, arena);
  if (proof.outcome == Proof::Outcome::refused) {
    ck_assert(static_cast<bool>(proof.problem));
    if (proof.problem.slug != Slug::consumer_not_authorized) ck_assert_ptr_null(proof.identity.consumer);
    ck_assert(proof.problem.subject.empty());
    ck_assert(proof.problem.detail.empty() || proof.problem.slug == Slug::missing_credential);
    return std::string(problem_kind(proof.problem.slug).name);
  }
  ck_assert(!proof.problem);
  if (proof.outcome == Proof::Outcome::open) return "open";
  ck_assert(proof.outcome == Proof::Outcome::proved);
  return proof.identity.consumer->name + " " + std::string(proof.identity.credential);
}

std::string bearer(const std::string& value, unsigned api = 1, int64_t now = kNow) {
  return outcome(*a_manifest(), api, {{"Authorization", value}}, {}, now);
}

START_TEST(a_good_key_proves_its_consumer) {
  ck_text_eq(bearer("Bearer key-plain"), "good plain");
}
END_TEST

START_TEST(the_scheme_is_in_any_case_with_one_blank_or_more) {
  for (const char* value : {"bearer key-plain", "BEARER key-plain", "bEaReR key-plain", "Bearer   key-plain",
                            "Bearer\tkey-plain", "Bearer \t key-plain"}) {
    ck_text_eq(bearer(value), "good plain");
  }
}
END_TEST

START_TEST(another_scheme_carries_no_credential) {
  for (const char* value :
       {"", "Bearer", "Bearer ", "Bearer   ", "Bearerkey-plain", "Basic key-plain", "key-plain",
        " Bearer key-plain", "Bearer2 key-plain", "Bear", "Token key-plain", "Bearer:key-plain"}) {
    ck_text_eq(bearer(value), "missing_credential");
  }
  ck_text_eq(outcome(*a_manifest(), 1, {}), "missing_credential");
  ck_text_eq(outcome(*a_manifest(), 1, {{"X-API-Key", "key-plain"}}, "k=key-plain"), "missing_credential");
}
END_TEST

// What errMsg says of a request without a credential; empty: the general text.
std::string missing_text(unsigned api, const std::string& value) {
  const std::unique_ptr<const Manifest> manifest = a_manifest();
  const Headers headers({{"Authorization", value}});
  BlockArena arena;
  RequestData request;
  request.headers = &headers;
  const Proof proof =
      Authenticator(*manifest).authenticate(manifest->apis[api - 1], request, {}, kNow, arena);
  ck_text_eq(problem_kind(proof.problem.slug).name, "missing_credential");
  return std::string(proof.problem.detail);
}

START_TEST(a_key_without_a_scheme_is_answered_with_how_to_send_it) {
  const std::string how = "the Authorization header has no scheme: send Authorization: Bearer CREDENTIAL";
  ck_text_eq(missing_text(1, "key-plain"), how);
  ck_text_eq(missing_text(1, "e30.e30.signature"), how);
  for (const char* value : {"", "Bearer", "bearer ", "Basic x", "Token key-plain"})
    ck_text_eq(missing_text(1, value),
               "the request carries no credential: send Authorization: Bearer CREDENTIAL");
  ck_text_eq(missing_text(2, "key-plain"), "");  // an API whose key is in another header
}
END_TEST

START_TEST(unknown_and_wrong_keys_are_alike) {
  for (const char* key : {"unknown", "key-plain2", "key-plai", "KEY-PLAIN", "key-plain ",
                          "key-plain,key-plain", "\xff", "key-plain x"}) {
    ck_text_eq(bearer(std::string("Bearer ") + key), "invalid_credential");
  }
  ck_text_eq(bearer("Bearer " + testing::sha256_hex("key-plain")), "invalid_credential");
  ck_text_eq(bearer("Bearer " + std::string(100000, 'a')), "invalid_credential");
}
END_TEST

START_TEST(several_credentials_are_refused_even_the_same_one) {
  ck_text_eq(outcome(*a_manifest(), 1,
                     {{"Authorization", "Bearer key-plain"}, {"authorization", "Bearer key-plain"}}),
             "invalid_credential");
  ck_text_eq(outcome(*a_manifest(), 1, {{"Authorization", "Basic x"}, {"authorization", "Bearer key-plain"}}),
             "invalid_credential");
  ck_text_eq(outcome(*a_manifest(), 2, {{"X-API-Key", "key-plain"}, {"x-api-key", "key-plain"}}),
             "invalid_credential");
  ck_text_eq(outcome(*a_manifest(), 3, {}, "k=key-plain&k=key-plain"), "invalid_credential");
  ck_text_eq(outcome(*a_manifest(), 3, {}, "k=key-plain&%6b=key-plain"), "invalid_credential");
}
END_TEST

START_TEST(a_header_source_reads_its_header_whole) {
  ck_text_eq(outcome(*a_manifest(), 2, {{"x-api-key", "key-plain"}}), "good plain");
  ck_text_eq(outcome(*a_manifest(), 2, {{"X-API-Key", "Bearer key-plain"}}), "invalid_credential");
  ck_text_eq(outcome(*a_manifest(), 2, {{"X-API-Key", ""}}), "missing_credential");
  ck_text_eq(outcome(*a_manifest(), 2, {{"Authorization", "Bearer key-plain"}}), "missing_credential");
}
END_TEST

START_TEST(a_query_source_reads_its_parameter_decoded) {
  ck_text_eq(outcome(*a_manifest(), 3, {}, "a=1&k=key-plain"), "good plain");
  ck_text_eq(outcome(*a_manifest(), 3, {}, "%6B=%6bey%2Dplain"), "good plain");
  ck_text_eq(outcome(*a_manifest(), 3, {}, "k=key%"), "invalid_credential");
  ck_text_eq(outcome(*a_manifest(), 3, {}, "k="), "missing_credential");
  ck_text_eq(outcome(*a_manifest(), 3, {}, "K=key-plain"), "missing_credential");
  ck_text_eq(outcome(*a_manifest(), 3, {}, "k=key-plain%00"), "invalid_credential");
  ck_text_eq(outcome(*a_manifest(), 3, {{"Authorization", "Bearer key-plain"}}), "missing_credential");
}
END_TEST

START_TEST(a_key_counts_from_its_not_before_on) {
  ck_text_eq(bearer("Bearer key-early", 1, kNow - 1), "invalid_credential");
  ck_text_eq(bearer("Bearer key-early", 1, kNow), "good early");
}
END_TEST

START_TEST(a_key_is_expired_from_its_expiry_on) {
  ck_text_eq(bearer("Bearer key-late", 1, kNow - 1), "good late");
  ck_text_eq(bearer("Bearer key-late", 1, kNow), "expired_credential");
  ck_text_eq(bearer("Bearer key-late", 1, INT64_MAX), "expired_credential");
}
END_TEST

START_TEST(a_key_with_both_ends_counts_between_them) {
  ck_text_eq(bearer("Bearer key-both", 1, kNow - 1), "invalid_credential");
  ck_text_eq(bearer("Bearer key-both", 1, kNow), "good both");
  ck_text_eq(bearer("Bearer key-both", 1, kNow + 1), "expired_credential");
}
END_TEST

START_TEST(a_disabled_consumer_is_like_an_unknown_key) {
  ck_text_eq(bearer("Bearer key-off"), "invalid_credential");
  ck_text_eq(bearer("Bearer key-off-old"), "invalid_credential");
}
END_TEST

START_TEST(authorisation_is_looked_at_after_the_proof_only) {
  ck_text_eq(bearer("Bearer key-plain", 5), "consumer_not_authorized");
  ck_text_eq(bearer("Bearer unknown", 5), "invalid_credential");
  ck_text_eq(bearer("Bearer key-late", 5), "expired_credential");
  ck_text_eq(bearer("", 5), "missing_credential");
}
END_TEST

START_TEST(an_open_api_asks_for_nothing) {
  ck_text_eq(outcome(*a_manifest(), 4, {}), "open");
  ck_text_eq(outcome(*a_manifest(), 4, {{"Authorization", "Bearer unknown"}}), "open");
}
END_TEST

START_TEST(www_authenticate_names_the_rest_api_and_the_error_only_after_a_credential) {
  Api api;
  api.rest_api = "dataservice-user-api";
  api.authentication.api_key = true;
  ck_text_eq(www_authenticate(api, Slug::missing_credential), R"(Bearer realm="dataservice-user-api")");
  ck_text_eq(www_authenticate(api, Slug::invalid_credential),
             R"(Bearer realm="dataservice-user-api", error="invalid_token")");
  ck_text_eq(www_authenticate(api, Slug::expired_credential),
             R"(Bearer realm="dataservice-user-api", error="invalid_token")");
  api.authentication.hmac = true;
  ck_text_eq(
      www_authenticate(api, Slug::invalid_signature),
      R"(Bearer realm="dataservice-user-api", error="invalid_token", X-Ca-Signature realm="dataservice-user-api")");
  api.authentication.api_key = false;
  ck_text_eq(www_authenticate(api, Slug::invalid_signature),
             R"(X-Ca-Signature realm="dataservice-user-api")");
  api.authentication = {};
  api.authentication.jwt = true;
  api.rest_api = "a\"b\\c";
  ck_text_eq(www_authenticate(api, Slug::missing_credential), R"(Bearer realm="a\"b\\c")");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_authentication", a_good_key_proves_its_consumer,
                the_scheme_is_in_any_case_with_one_blank_or_more, another_scheme_carries_no_credential,
                a_key_without_a_scheme_is_answered_with_how_to_send_it, unknown_and_wrong_keys_are_alike,
                several_credentials_are_refused_even_the_same_one, a_header_source_reads_its_header_whole,
                a_query_source_reads_its_parameter_decoded, a_key_counts_from_its_not_before_on,
                a_key_is_expired_from_its_expiry_on, a_key_with_both_ends_counts_between_them,
                a_disabled_consumer_is_like_an_unknown_key, authorisation_is_looked_at_after_the_proof_only,
                an_open_api_asks_for_nothing,
                www_authenticate_names_the_rest_api_and_the_error_only_after_a_credential);
