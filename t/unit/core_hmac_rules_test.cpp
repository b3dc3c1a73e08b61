// core/hmac: the rules of an API, of a place and of a key for signatures that are good.
#include "core/text/http_date.hpp"
#include "core_hmac_testing.hpp"

using namespace tablegate::core;
using namespace tablegate::core::testing::signing;
using testing::Headers;

namespace {

START_TEST(methods_are_those_that_the_api_allows) {
  Call call;
  call.set("X-Ca-Signature-Method", "HmacSHA1");
  ck_text_eq(checked(call, "", kTarget, 2), "good h1");
  ck_text_eq(checked(call, "", kTarget, 1), "invalid_signature");
  for (const char* method : {"HmacMD5", "hmacsha256", "none", "HmacSHA256 ", "HmacSHA512"}) {
    call.set("X-Ca-Signature-Method", method);
    ck_text_eq(checked(call, "", kTarget, 2), "invalid_signature");
  }
}
END_TEST

START_TEST(repeated_headers_are_refused) {
  for (const char* name : {"X-Ca-Key", "X-Ca-Signature", "Accept", "Content-Type", "Date", "x-ca-nonce",
                           "X-Ca-Timestamp", "X-Ca-Signature-Method", "X-Ca-Signature-Headers", "x-listed"}) {
    Call call;
    call.set("X-Ca-Signature-Headers", "x-listed");
    call.set("x-listed", "1");
    call.headers.emplace_back(name, "1");
    if (call.header(name) == "1" && std::string(name) != "X-Ca-Key" && std::string(name) != "X-Ca-Signature")
      call.headers.emplace_back(name, "1");
    const std::string outcome = checked(call, "x-listed:1\n", kTarget);
    ck_assert_msg(outcome == "invalid_signature" || outcome == "invalid_credential", "%s: %s", name,
                  outcome.c_str());
  }
}
END_TEST

START_TEST(bodies_that_are_no_form_are_covered_by_their_md5) {
  Call call;
  call.method = "POST";
  call.target = "/p";
  call.set("Content-Type", "application/json");
  call.body = "{\"a\":1}";
  ck_text_eq(checked(call, "", "/p"), "invalid_signature");
  ck_text_eq(checked(call, "", "/p", 2), "good h1");  // require_content_md5 is off
  call.set("Content-MD5", "u6dKKTUC9xWFpOZ1iEEb0A==");
  ck_text_eq(checked(call, "", "/p", 2), "invalid_signature");  // but what is sent is checked
  call.set("Content-MD5", "u2y1xo30ZSlByvZSo2by2A==");
  ck_text_eq(checked(call, "", "/p"), "good h1");
  call.body = "{\"a\":2}";
  ck_text_eq(checked(call, "", "/p"), "invalid_signature");
  for (const char* bad : {"x", "AAAA", "====", "u2y1xo30ZSlByvZSo2by2A"}) {
    call.set("Content-MD5", bad);
    ck_text_eq(checked(call, "", "/p"), "invalid_signature");
  }
}
END_TEST

START_TEST(signed_times_lie_within_the_window) {
  const auto at = [](int64_t seconds, Call call) {
    char text[kHttpDateSize + 1];
    format_http_date(seconds, text);
    call.set("Date", text);
    Checker checker;
    const std::string outcome = checker.check(call, lines_of(call, "", kTarget));
    return outcome + (outcome == "stale_request" ? ": " + checker.detail : "");
  };
  ck_text_eq(at(kNow - 900, Call()), "good h1");
  ck_text_eq(at(kNow + 900, Call()), "good h1");
  const std::string stale =
      "stale_request: outside the window of 900 s, server time Wed, 01 Jan 2025 00:00:00 GMT";
  ck_text_eq(at(kNow - 901, Call()), stale);
  ck_text_eq(at(kNow + 901, Call()), stale);
  Call wrong;
  wrong.secret = "wrong";
  ck_text_eq(at(kNow - 901, wrong), "invalid_signature");  // reported only after the signature was verified

  Call call;
  call.headers = {};
  ck_text_eq(checked(call, "", kTarget), "stale_request");  // no time at all
  call.set("X-Ca-Timestamp", std::to_string(kNow * 1000));
  ck_text_eq(checked(call, "", kTarget), "stale_request");  // not signed: ignored
  call.set("X-Ca-Signature-Headers", "x-ca-timestamp");
  ck_text_eq(checked(call, "x-ca-timestamp:" + std::to_string(kNow * 1000) + "\n", kTarget), "good h1");
  call.set("Date", "Wed, 01 Jan 2025 01:00:00 GMT");  // both must be within
  ck_text_eq(checked(call, "x-ca-timestamp:" + std::to_string(kNow * 1000) + "\n", kTarget), "stale_request");
  call.set("Date", "yesterday");
  ck_text_eq(checked(call, "x-ca-timestamp:" + std::to_string(kNow * 1000) + "\n", kTarget), "stale_request");
  call.set("Date", kDate);
  call.set("X-Ca-Timestamp", std::to_string(kNow));
  ck_text_eq(checked(call, "x-ca-timestamp:" + std::to_string(kNow) + "\n", kTarget), "stale_request");
}
END_TEST

START_TEST(the_policy_of_the_place_counts) {
  Call call;
  call.set("Date", "Wed, 01 Jan 2020 00:00:00 GMT");
  Checker checker;
  checker.policy.window = 0;
  ck_text_eq(checker.check(call, lines_of(call, "", kTarget)), "good h1");
  call.headers = {};
  ck_text_eq(checker.check(call, lines_of(call, "", kTarget)), "good h1");
  Checker started;
  started.policy.times.valid_from = kNow + 1;
  ck_text_eq(started.check(Call(), lines_of(Call(), "", kTarget)), "stale_request");
  ck_text_eq(started.reason, "before_start");
  started.policy.times.valid_from = kNow;
  ck_text_eq(started.check(Call(), lines_of(Call(), "", kTarget)), "good h1");
}
END_TEST

START_TEST(a_nonce_counts_once_a_key_and_only_when_signed_and_proved) {
  Checker checker;
  Call call;
  call.set("X-Ca-Nonce", "n1");
  ck_text_eq(checker.check(call, lines_of(call, "", kTarget)), "good h1");
  ck_text_eq(checker.check(call, lines_of(call, "", kTarget)), "good h1");  // not signed
  call.set("X-Ca-Signature-Headers", "x-ca-nonce");
  call.secret = "wrong";
  ck_text_eq(checker.check(call, lines_of(call, "x-ca-nonce:n1\n", kTarget)), "invalid_signature");
  call.secret = "appSecret";
  ck_text_eq(checker.check(call, lines_of(call, "x-ca-nonce:n1\n", kTarget)), "good h1");
  ck_text_eq(checker.check(call, lines_of(call, "x-ca-nonce:n1\n", kTarget)), "replayed_nonce");
  ck_text_eq(checker.check(call, lines_of(call, "x-ca-nonce:n1\n", kTarget), 2), "replayed_nonce");
  call.access_key = "203753385";
  call.secret = "123456";
  ck_text_eq(checker.check(call, lines_of(call, "x-ca-nonce:n1\n", kTarget)), "good h2");
  call.set("X-Ca-Nonce", "n2");
  ck_text_eq(checker.check(call, lines_of(call, "x-ca-nonce:n2\n", kTarget)), "good h2");
}
END_TEST

START_TEST(an_api_can_require_a_nonce) {
  Call call;
  ck_text_eq(checked(call, "", kTarget, 3), "invalid_signature");
  call.set("X-Ca-Nonce", "n");
  ck_text_eq(checked(call, "", kTarget, 3), "invalid_signature");
  call.set("X-Ca-Signature-Headers", "X-Ca-Nonce");
  ck_text_eq(checked(call, "X-Ca-Nonce:n\n", kTarget, 3), "good h1");
  call.set("X-Ca-Nonce", "");
  ck_text_eq(checked(call, "X-Ca-Nonce:\n", kTarget, 3), "invalid_signature");
}
END_TEST

START_TEST(a_full_store_lets_nobody_in) {
  Checker checker;
  Call call;
  call.set("X-Ca-Signature-Headers", "x-ca-nonce");
  std::string last;
  size_t let_in = 0;
  for (int i = 0; i < 5000; ++i) {
    call.set("X-Ca-Nonce", std::to_string(i));
    last = checker.check(call, lines_of(call, "x-ca-nonce:" + std::to_string(i) + "\n", kTarget));
    if (last == "good h1") ++let_in;
  }
  ck_text_eq(last, "nonce_store_full");
  ck_assert_uint_eq(let_in, checker.nonces.slots() / 2);  // one key's share
  Call plain;
  ck_text_eq(checker.check(plain, lines_of(plain, "", kTarget)),
             "good h1");  // without a nonce the key still works
}
END_TEST

START_TEST(header_parameters_have_to_be_signed) {
  Call call;
  ck_text_eq(checked(call, "", kTarget, 4), "good h1");
  call.set("x-region", "eu");
  ck_text_eq(checked(call, "", kTarget, 4), "invalid_signature");
  ck_text_eq(checked(call, "", kTarget, 1), "good h1");  // no parameter there
  call.set("X-Ca-Signature-Headers", "X-Region");
  ck_text_eq(checked(call, "X-Region:eu\n", kTarget, 4), "good h1");
}
END_TEST

START_TEST(the_raw_profile_signs_the_query_as_it_stands) {
  Call call;
  call.access_key = "rawKey";
  call.secret = "rawSecret";
  call.target = "/p?b=%E4%BD%A0&a=x+y&c=";
  ck_text_eq(checked(call, "", "/p?a=x+y&b=%E4%BD%A0&c"), "good h3");
  ck_text_eq(checked(call, "", "/p?a=x+y&b=%E4%BD%A0&c="), "good h3");
  ck_text_eq(checked(call, "", "/p?a=x y&b=\xe4\xbd\xa0&c"), "invalid_signature");
  call.access_key = "appKey";
  call.secret = "appSecret";
  ck_text_eq(checked(call, "", "/p?a=x+y&b=%E4%BD%A0&c"), "invalid_signature");
}
END_TEST

START_TEST(validity_and_authorisation_are_told_after_the_proof) {
  const auto of = [](const char* key, const char* secret) {
    Call call;
    call.access_key = key;
    call.secret = secret;
    return checked(call, "", kTarget);
  };
  ck_text_eq(of("oldKey", "oldSecret"), "expired_credential");
  ck_text_eq(of("newKey", "newSecret"), "invalid_credential");
  ck_text_eq(of("offKey", "offSecret"), "invalid_credential");
  ck_text_eq(of("nobodyKey", "nobodySecret"), "consumer_not_authorized");
  for (const char* key : {"oldKey", "newKey", "offKey", "nobodyKey"})
    ck_text_eq(of(key, "wrong"), "invalid_signature");
}
END_TEST

START_TEST(a_body_that_nobody_read_is_asked_for) {
  const auto manifest = a_manifest();
  const Headers headers{{"X-Ca-Key", "appKey"}};
  RequestData request;
  request.headers = &headers;
  request.body_pending = true;
  BlockArena arena;
  const Proof proof = Authenticator(*manifest).authenticate(manifest->apis[0], request, {}, kNow, arena);
  ck_assert(proof.outcome == Proof::Outcome::requires_body);
  ck_assert_ptr_null(proof.identity.consumer);
  ck_text_eq(std::string(proof.claimed), "appKey");
}
END_TEST

START_TEST(the_string_to_sign_is_shown_on_one_line) {
  Checker checker;
  Call call;
  call.secret = "wrong";
  checker.check(call, "");
  ck_text_eq(string_to_sign_message(checker.string_to_sign),
             "Server StringToSign:`GET#application/json###Wed, 01 Jan 2025 00:00:00 "
             "GMT#/v1/user/info?user_id=10001`");
  ck_text_eq(string_to_sign_message("a\r\n\t\x7f\xc3\xa9"), "Server StringToSign:`a%0D#%09%7F\xc3\xa9`");
  const std::string cut = string_to_sign_message(std::string(100000, 'x'));
  ck_assert_uint_lt(cut.size(), 4200);
  ck_text_eq(cut.substr(cut.size() - 5), "x...`");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_hmac_rules", methods_are_those_that_the_api_allows, repeated_headers_are_refused,
                bodies_that_are_no_form_are_covered_by_their_md5, signed_times_lie_within_the_window,
                the_policy_of_the_place_counts, a_nonce_counts_once_a_key_and_only_when_signed_and_proved,
                an_api_can_require_a_nonce, a_full_store_lets_nobody_in, header_parameters_have_to_be_signed,
                the_raw_profile_signs_the_query_as_it_stands,
                validity_and_authorisation_are_told_after_the_proof, a_body_that_nobody_read_is_asked_for,
                the_string_to_sign_is_shown_on_one_line);
