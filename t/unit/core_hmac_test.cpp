// core/hmac and core/string_to_sign: signatures of Alibaba's AccessKey form.
#include "core/proof/hmac.hpp"

#include "core/proof/authentication.hpp"
#include "core/text/http_date.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;
using testing::Headers;

namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

constexpr int64_t kNow = 1735689600;  // Wed, 01 Jan 2025 00:00:00 GMT
constexpr const char* kDate = "Wed, 01 Jan 2025 00:00:00 GMT";

// APIs: 1 accepts only SHA-256; 2 also SHA-1, and bodies without Content-MD5; 3 requires a nonce; 4 has a
// header parameter. Consumers: a good one, a disabled one, one without an authorization.
std::unique_ptr<const Manifest> a_manifest() {
  const auto api = [](const char* id, const char* methods, bool nonce, bool md5,
                      const char* parameters = "[]") {
    return testing::api_line(
        id, "POST", std::string("/") + id, "[]",
        {{R"("authentication":["api_key"])",
          std::string(R"("authentication":["hmac"],"hmac":{"methods":)") + methods + R"(,"require_nonce":)" +
              (nonce ? "true" : "false") + R"(,"require_content_md5":)" + (md5 ? "true" : "false") + "}"},
         {R"("parameters":[])", std::string(R"("parameters":)") + parameters}});
  };
  const auto key = [](const char* id, const char* access_key, const char* secret, const char* more = "") {
    return std::string(R"({"id":")") + id + R"(","access_key":")" + access_key + R"(","secret":")" + secret +
           "\"" + (*more == '\0' ? R"(,"profile":"classic")" : more) + "}";
  };
  return testing::good_manifest(
      api("1", R"(["HmacSHA256"])", false, true) + api("2", R"(["HmacSHA256","HmacSHA1"])", false, false) +
      api("3", R"(["HmacSHA256"])", true, true) +
      api("4", R"(["HmacSHA256"])", false, true,
          R"([{"name":"X-Region","in":"header","type":"STRING","column_type":"text","required":false}])") +
      R"({"kind":"consumer","name":"good","enabled":true,"apis":[1,2,3,4],"api_keys":[],"hmac_keys":[)" +
      key("h1", "appKey", "appSecret") + "," + key("h2", "203753385", "123456") + "," +
      key("h3", "rawKey", "rawSecret", R"(,"profile":"raw-query")") + "," +
      key("h4", "oldKey", "oldSecret", R"(,"profile":"classic","expires":5)") + "," +
      key("h5", "newKey", "newSecret", R"(,"profile":"classic","not_before":99999999999)") + "]}\n" +
      R"({"kind":"consumer","name":"off","enabled":false,"apis":[1],"api_keys":[],"hmac_keys":[)" +
      key("h6", "offKey", "offSecret") + "]}\n" +
      R"({"kind":"consumer","name":"nobody","enabled":true,"apis":[],"api_keys":[],"hmac_keys":[)" +
      key("h7", "nobodyKey", "nobodySecret") + "]}\n");
}

class LineHeaders final : public HeaderSource {
 public:
  explicit LineHeaders(const Lines& lines) : lines_(lines) {}
  void visit(Visitor& visitor) const override {
    for (const auto& [name, value] : lines_) visitor.header(name, value);
  }

 private:
  const Lines& lines_;
};

// A request as a client builds it.
struct Call {
  std::string method = "GET";
  std::string target = "/v1/user/info?user_id=10001";
  Lines headers = {{"Accept", "application/json"}, {"Date", kDate}};
  std::string body;
  std::string access_key = "appKey";
  std::string secret = "appSecret";
  std::string signature;  // empty: signed here

  std::string header(const std::string& name) const {
    for (const auto& [header, value] : headers) {
      if (testing::lower(header) == testing::lower(name)) return value;
    }
    return {};
  }
  void set(const std::string& name, const std::string& value) {
    for (auto& [header, old] : headers) {
      if (testing::lower(header) == testing::lower(name)) {
        old = value;
        return;
      }
    }
    headers.emplace_back(name, value);
  }
};

// The server's result for a call. `text`: the string to sign as this test builds it.
struct Checker {
  std::unique_ptr<const Manifest> manifest = a_manifest();
  Authenticator authenticator{*manifest};
  std::vector<uint64_t> memory = std::vector<uint64_t>(4096);
  NonceTable nonces{memory.data(), memory.size() * sizeof(uint64_t)};
  HmacPolicy policy;
  std::string reason;
  std::string string_to_sign;
  std::string detail;
  BlockArena arena;

  Checker() { policy.nonces = &nonces; }

  std::string check(const Call& call, const std::string& text, unsigned api = 1, int64_t now = kNow) {
    Lines lines = call.headers;
    lines.emplace_back("X-Ca-Key", call.access_key);
    const bool sha1 = call.header("x-ca-signature-method") == "HmacSHA1";
    lines.emplace_back("X-Ca-Signature",
                       call.signature.empty()
                           ? hmac_signature(sha1 ? HmacHash::sha1 : HmacHash::sha256, call.secret, text)
                           : call.signature);
    const LineHeaders headers(lines);
    Body body;
    body.bytes = call.body;
    body.kind = body_kind(call.header("content-type"), call.body);
    RequestData request;
    request.headers = &headers;
    request.method = call.method;
    request.target = call.target;
    request.body = &body;
    const Proof proof = authenticator.authenticate(manifest->apis[api - 1], request, policy, now, arena);
    reason = proof.problem.reason;
    detail = proof.problem.detail;
    string_to_sign = proof.string_to_sign;
    if (proof.outcome == Proof::Outcome::proved) {
      ck_assert(!proof.problem && proof.identity.type == AuthenticationType::hmac);
      return proof.identity.consumer->name + " " + std::string(proof.identity.credential);
    }
    ck_assert(proof.outcome == Proof::Outcome::refused && static_cast<bool>(proof.problem));
    if (proof.problem.slug != Slug::consumer_not_authorized) ck_assert_ptr_null(proof.identity.consumer);
    return std::string(problem_kind(proof.problem.slug).name);
  }
};

std::string lines_of(const Call& call, const std::string& listed, const std::string& rest) {
  return call.method + "\n" + call.header("accept") + "\n" + call.header("content-md5") + "\n" +
         call.header("content-type") + "\n" + call.header("date") + "\n" + listed + rest;
}

std::string checked(const Call& call, const std::string& listed, const std::string& rest, unsigned api = 1) {
  return Checker().check(call, lines_of(call, listed, rest), api);
}

const std::string kTarget = "/v1/user/info?user_id=10001";

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
  ck_assert(proof.outcome == Proof::Outcome::wants_body);
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

TABLEGATE_SUITE("core_hmac", the_vectors_of_the_specification_hold, every_part_is_covered,
                parameters_are_decoded_sorted_and_joined, a_repeated_key_is_refused_whoever_signs,
                one_text_is_one_request, a_signed_key_is_never_repeated, two_spellings_are_tried_and_no_third,
                the_signature_and_what_has_its_own_line_are_never_listed, at_most_100_headers_are_listed,
                unknown_and_wrong_keys_are_alike_and_cost_the_same, a_signature_has_one_form,
                methods_are_those_that_the_api_allows, repeated_headers_are_refused,
                bodies_that_are_no_form_are_covered_by_their_md5, signed_times_lie_within_the_window,
                the_policy_of_the_place_counts, a_nonce_counts_once_a_key_and_only_when_signed_and_proved,
                an_api_can_require_a_nonce, a_full_store_lets_nobody_in, header_parameters_have_to_be_signed,
                the_raw_profile_signs_the_query_as_it_stands,
                validity_and_authorisation_are_told_after_the_proof, a_body_that_nobody_read_is_asked_for,
                the_string_to_sign_is_shown_on_one_line);
