// Signed requests as a client builds them, and what the server makes of them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/proof/authentication.hpp"
#include "core/proof/hmac.hpp"
#include "core_testing.hpp"

namespace tablegate::core::testing::signing {

using Lines = std::vector<std::pair<std::string, std::string>>;

inline constexpr int64_t kNow = 1735689600;  // Wed, 01 Jan 2025 00:00:00 GMT
inline constexpr const char* kDate = "Wed, 01 Jan 2025 00:00:00 GMT";

// APIs: 1 accepts only SHA-256; 2 also SHA-1, and bodies without Content-MD5; 3 requires a nonce; 4 has a
// header parameter. Consumers: a good one, a disabled one, one without an authorization.
inline std::unique_ptr<const Manifest> a_manifest() {
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

inline std::string lines_of(const Call& call, const std::string& listed, const std::string& rest) {
  return call.method + "\n" + call.header("accept") + "\n" + call.header("content-md5") + "\n" +
         call.header("content-type") + "\n" + call.header("date") + "\n" + listed + rest;
}

inline std::string checked(const Call& call, const std::string& listed, const std::string& rest,
                           unsigned api = 1) {
  return Checker().check(call, lines_of(call, listed, rest), api);
}

inline const std::string kTarget = "/v1/user/info?user_id=10001";

}  // namespace tablegate::core::testing::signing
