// core/hmac and core/string_to_sign: signatures of Alibaba's AccessKey form, what they cover and how they are
// spelled.
#include "core/text/http_date.hpp"
#include "core_hmac_testing.hpp"

using namespace tablegate::core;
using namespace tablegate::core::testing::signing;
using testing::Headers;

namespace {

START_TEST(the_vectors_of_the_specification_hold) {
  Checker checker;
  Call call;
  call.signature = "FFNaHZLCdjr9z7tEHv3cx9RanHlUx5sDpO3eSEM2gkA=";
  ck_text_eq(checker.check(call, ""), "good h1");
  call.set("X-Ca-Signature-Headers", "x-ca-key,x-ca-signature-method");
  call.signature = "uk+pgULZlpJ508EJyK8hv2QOKURXwSY7VHY+YiVXdOs=";
  ck_text_eq(checker.check(call, ""),
             "invalid_signature");  // the header that the list names is absent: "name:"
  call.set("x-ca-signature-method", "HmacSHA256");
  ck_text_eq(checker.check(call, ""), "good h1");

  Call post;
  post.method = "POST";
  post.target = "/http2test/test?param1=test";
  post.body = "username=xiaoming&password=123456789";
  post.headers = {{"Accept", "application/json; charset=utf-8"},
                  {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                  {"Date", "Wed, 09 May 2018 13:30:29 GMT+00:00"},
                  {"x-ca-timestamp", "1525872629832"},
                  {"x-ca-nonce", "c9f15cbf-f4ac-4a6c-b54d-f51abf4b5b44"},
                  {"x-ca-signature-method", "HmacSHA256"},
                  {"x-ca-signature-headers", "x-ca-timestamp,x-ca-key,x-ca-nonce,x-ca-signature-method"}};
  post.access_key = "203753385";
  post.signature = "FJbhmAFYz9zfl1FrThxzxBt79BvaHQIzy8Wpctn+xXE=";
  ck_text_eq(checker.check(post, "", 1, 1525872630), "good h2");
  ck_text_eq(checker.check(post, "", 1, 1525872630), "replayed_nonce");
}
END_TEST

START_TEST(every_part_is_covered) {
  const Call good;
  const std::string text = lines_of(good, "", kTarget);
  ck_text_eq(Checker().check(good, text), "good h1");
  const auto changed = [&text](const char* what, const auto& change) {
    Call call;
    call.signature = hmac_signature(HmacHash::sha256, "appSecret", text);
    change(call);
    ck_assert_msg(Checker().check(call, "") == "invalid_signature", "%s", what);
  };
  changed("method", [](Call& call) { call.method = "HEAD"; });
  changed("path", [](Call& call) { call.target = "/v1/user/Info?user_id=10001"; });
  changed("encoded path", [](Call& call) { call.target = "/v1/user/inf%6f?user_id=10001"; });
  changed("value", [](Call& call) { call.target = "/v1/user/info?user_id=10002"; });
  changed("name", [](Call& call) { call.target = "/v1/user/info?user_ie=10001"; });
  changed("one more", [](Call& call) { call.target += "&x=1"; });
  changed("none", [](Call& call) { call.target = "/v1/user/info"; });
  changed("accept", [](Call& call) { call.set("Accept", "*/*"); });
  changed("no accept", [](Call& call) { call.headers.erase(call.headers.begin()); });
  changed("date", [](Call& call) { call.set("Date", "Wed, 01 Jan 2025 00:00:01 GMT"); });
  changed("content type", [](Call& call) { call.set("Content-Type", "text/plain"); });
  changed("key", [](Call& call) { call.access_key = "203753385"; });
  changed("unknown key", [](Call& call) { call.access_key = "nobody"; });
  changed("form", [](Call& call) {
    call.set("Content-Type", "application/x-www-form-urlencoded");
    call.body = "a=1";
  });
  changed("list", [](Call& call) { call.set("X-Ca-Signature-Headers", "x-other"); });
  changed("method of the signature", [](Call& call) { call.set("X-Ca-Signature-Method", "HmacSHA1"); });
}
END_TEST

START_TEST(parameters_are_decoded_sorted_and_joined) {
  Call call;
  call.target = "/p?b=2&a=%E4%BD%A0+x&empty=&none&B=%2B&%61%61=1";
  ck_text_eq(checked(call, "", "/p?B=+&a=\xe4\xbd\xa0 x&aa=1&b=2&empty&none"), "good h1");
  call.target = "/p?";
  ck_text_eq(checked(call, "", "/p"), "good h1");
  call.target = "/p?&&a=1&";
  ck_text_eq(checked(call, "", "/p?a=1"), "good h1");
  call.method = "POST";
  call.target = "/p?c=3";
  call.set("Content-Type", "application/X-WWW-form-urlencoded; charset=utf-8");
  call.body = "d=4&a=1%202";
  ck_text_eq(checked(call, "", "/p?a=1 2&c=3&d=4"), "good h1");
}
END_TEST

START_TEST(a_repeated_key_is_refused_whoever_signs) {
  for (const char* target : {"/p?a=1&a=1", "/p?a=1&%61=2", "/p?a&a="}) {
    Call call;
    call.target = target;
    for (const char* key : {"appKey", "rawKey", "unknown"}) {
      call.access_key = key;
      ck_text_eq(checked(call, "", ""), "invalid_parameter");
    }
  }
  Call call;
  call.target = "/p?a=1";
  call.set("Content-Type", "application/x-www-form-urlencoded");
  call.body = "a=1";
  ck_text_eq(checked(call, "", ""), "invalid_parameter");
  call.body = "b=%zz";
  ck_text_eq(checked(call, "", ""), "invalid_parameter");
  call.body = "b=1";
  for (int i = 0; i < 1023; ++i) call.body += "&p" + std::to_string(i) + "=";
  ck_text_eq(checked(call, "", ""), "invalid_parameter");
}
END_TEST

// Found by t/fuzz/string_to_sign_fuzz.cpp: one text for two requests.
START_TEST(one_text_is_one_request) {
  Call call;
  // nginx would bind "1"; the text is that of a=1%23b.
  call.target = "/p?a=1#b";
  ck_text_eq(checked(call, "", "/p?a=1#b"), "invalid_parameter");
  call.target = "/p#x?a=1";
  ck_text_eq(checked(call, "", "/p#x?a=1"), "invalid_parameter");
  call.target = "/p?a=1%23b";
  ck_text_eq(checked(call, "", "/p?a=1#b"), "good h1");
  // The text of GET /p?x=y:%0A/q, if a header had such a name.
  call.target = "/p?x=y:%0A/q";
  ck_text_eq(checked(call, "", "/p?x=y:\n/q"), "good h1");
  call.target = "/q";
  call.set("X-Ca-Signature-Headers", "/p?x=y");
  ck_text_eq(checked(call, "/p?x=y:\n", "/q"), "invalid_signature");
  for (const char* name : {"a b", "a:b", "a/", "\xc3\xa9", "a\"", "(a)"}) {
    call.set("X-Ca-Signature-Headers", name);
    ck_text_eq(checked(call, std::string(name) + ":\n", "/q"), "invalid_signature");
  }
  call.set("X-Ca-Signature-Headers", "!#$%&'*+-.^_`|~09azAZ");
  ck_text_eq(checked(call, "!#$%&'*+-.^_`|~09azAZ:\n", "/q"), "good h1");
}
END_TEST

// A raw query and a form can sign one key for two parameters.
START_TEST(a_signed_key_is_never_repeated) {
  Call call;
  call.access_key = "rawKey";
  call.secret = "rawSecret";
  call.method = "POST";
  call.target = "/p?%61=1";
  call.set("Content-Type", "application/x-www-form-urlencoded");
  call.body = "%2561=2";
  ck_text_eq(checked(call, "", "/p?%61=2&%61=1"), "invalid_parameter");
  call.body = "%2562=2";
  ck_text_eq(checked(call, "", "/p?%61=1&%62=2"), "good h3");
}
END_TEST

START_TEST(two_spellings_are_tried_and_no_third) {
  Call call;
  call.target = "/p?a=&b=1";
  call.set("X-Ca-Stage", "RELEASE");
  call.set("x-empty", "");
  call.set("X-Ca-Signature-Headers", "X-Ca-Stage, x-empty ,X-ABSENT");
  const std::string listed = "X-ABSENT:\nX-Ca-Stage:RELEASE\nx-empty:\n";
  const std::string lower = "x-absent:\nx-ca-stage:RELEASE\nx-empty:\n";
  for (const std::string& headers : {listed, lower}) {
    for (const char* parameters : {"/p?a&b=1", "/p?a=&b=1"})
      ck_text_eq(checked(call, headers, parameters), "good h1");
  }
  ck_text_eq(checked(call, "X-Absent:\nX-Ca-Stage:RELEASE\nx-empty:\n", "/p?a&b=1"), "invalid_signature");
  ck_text_eq(checked(call, listed, "/p?a%3D&b=1"), "invalid_signature");
  ck_text_eq(checked(call, "", "/p?a&b=1"), "invalid_signature");
}
END_TEST

START_TEST(the_signature_and_what_has_its_own_line_are_never_listed) {
  Call call;
  call.set("X-Ca-Signature-Headers",
           "Accept,date,CONTENT-TYPE,content-md5,X-Ca-Signature,x-ca-signature-headers,a");
  ck_text_eq(checked(call, "a:\n", kTarget), "good h1");
  call.set("X-Ca-Signature-Headers", "a,b,A");
  ck_text_eq(checked(call, "", kTarget), "invalid_signature");
}
END_TEST

// Each is looked for among the headers: more of them would cost a caller little and the gateway much.
START_TEST(at_most_100_headers_are_listed) {
  std::string list;
  std::string lines;
  for (int i = 100; i < 200; ++i) {
    list += (i == 100 ? "h" : ",h") + std::to_string(i);
    lines += "h" + std::to_string(i) + ":\n";
  }
  Call call;
  call.set("X-Ca-Signature-Headers", list);
  ck_text_eq(checked(call, lines, kTarget), "good h1");
  call.set("X-Ca-Signature-Headers", list + ",h200");
  ck_text_eq(checked(call, lines + "h200:\n", kTarget), "invalid_signature");
}
END_TEST

START_TEST(unknown_and_wrong_keys_are_alike_and_cost_the_same) {
  Call call;
  call.target = "/p?a=&b=1";
  call.set("X-Ca-Signature-Headers", "X-A");
  std::string answers[2];
  uint64_t costs[2];
  for (const int unknown : {0, 1}) {
    Checker checker;
    call.access_key = unknown != 0 ? "nobody" : "appKey";
    call.secret = "a wrong secret";
    answers[unknown] = checker.check(call, "x") + " " + checker.string_to_sign + checker.detail;
    costs[unknown] = checker.authenticator.hmac().signatures();
  }
  ck_text_eq(answers[0], answers[1]);
  ck_assert_uint_eq(costs[0], 4);
  ck_assert_uint_eq(costs[1], 4);
  // The key for unknown access keys proves no consumer.
  call.secret = "the key of an access key that nobody has";
  Call plain;
  plain.access_key = "nobody";
  plain.secret = call.secret;
  ck_text_eq(checked(plain, "", kTarget), "invalid_signature");
}
END_TEST

START_TEST(a_signature_has_one_form) {
  const std::string text = lines_of(Call(), "", kTarget);
  const std::string good = hmac_signature(HmacHash::sha256, "appSecret", text);
  Call call;
  for (const std::string& bad :
       {good.substr(0, 43), good + "=", " " + good, good.substr(0, 42) + "==", std::string("AAAA"),
        good.substr(0, 42) + "B=", std::string(44, 'A'), std::string(10000, 'A')}) {
    call.signature = bad;
    ck_text_eq(checked(call, "", ""), "invalid_signature");
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_hmac", the_vectors_of_the_specification_hold, every_part_is_covered,
                parameters_are_decoded_sorted_and_joined, a_repeated_key_is_refused_whoever_signs,
                one_text_is_one_request, a_signed_key_is_never_repeated, two_spellings_are_tried_and_no_third,
                the_signature_and_what_has_its_own_line_are_never_listed, at_most_100_headers_are_listed,
                unknown_and_wrong_keys_are_alike_and_cost_the_same, a_signature_has_one_form);
