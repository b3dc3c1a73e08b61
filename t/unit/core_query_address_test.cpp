// core/query_address: the GET for a QUERY, and what a QUERY binds.
#include "core/answer/query_address.hpp"

#include <random>

#include "core/text/ascii.hpp"
#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

Parameter text(const char* name, bool list = false) {
  Parameter out;
  out.name = name;
  out.required = false;
  out.list = list;
  return out;
}

Api queried() {
  Api api;
  api.query_method = true;
  api.parameters = {text("name"), text("a b"), text("list", true)};
  return api;
}

const testing::Headers kTyped = {{"Content-Type", "application/json"}};

RequestData request_of(std::string_view target, const Body& body) {
  RequestData request = testing::request_of_body(body);
  request.method = kQueryMethod;
  request.target = target;
  request.headers = &kTyped;
  const size_t mark = target.find('?');
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  return request;
}

std::string address(const Api& api, std::string_view target, std::string_view body,
                    Body::Kind kind = Body::Kind::json) {
  BlockArena arena;
  const Body sent = {body.empty() ? Body::Kind::none : kind, body};
  return get_address(api, request_of(target, sent), arena);
}

// "slug status detail", or "bound".
std::string problem(const Api& api, std::string_view target, std::string_view body,
                    Body::Kind kind = Body::Kind::json) {
  BlockArena arena;
  BoundValues values;
  const Body sent = {kind, body};
  const Problem found = bind_parameters(api, request_of(target, sent), arena, values);
  if (!found) return "bound";
  const ProblemKind& row = problem_kind(found);
  return std::string(row.name) + " " + std::to_string(row.status) + " " + std::string(found.detail);
}

START_TEST(of_a_json_object) {
  const Api api = queried();
  ck_text_eq(address(api, "/p", R"({"name":"x"})"), "/p?name=x");
  ck_text_eq(address(api, "/p", R"({"name":"a b&c=d+%\u00e9\r\n#"})"),
             "/p?name=a%20b%26c%3dd%2b%25%c3%a9%0d%0a%23");
  ck_text_eq(address(api, "/p", R"({"a b":"1","name":""})"), "/p?name=&a%20b=1");
  ck_text_eq(address(api, "/p", R"({"list":["x","y z"],"name":null,"other":1})"), "/p?list=x,y%20z");
  ck_text_eq(address(api, "/p", R"({"list":"x,y"})"), "/p?list=x%2cy");
  ck_text_eq(address(api, "/p", "{}"), "/p");
  ck_text_eq(address(api, "/p?name=1&other=2", R"({"list":["x"]})"), "/p?name=1&list=x");
}
END_TEST

START_TEST(of_a_form) {
  const Api api = queried();
  ck_text_eq(address(api, "/p?a+b=1", "name=x+y&%6eame2=1&other=2", Body::Kind::form), "/p?a+b=1&name=x+y");
  ck_text_eq(address(api, "/p", "name=a\r\nb\"<#", Body::Kind::form), "/p?name=a%0d%0ab%22%3c%23");
  ck_text_eq(address(api, "/p", "list=1&list=2", Body::Kind::form), "/p?list=1&list=2");
}
END_TEST

START_TEST(there_is_none) {
  const Api api = queried();
  ck_text_eq(address(api, "/p", R"({"list":[]})"), "");
  ck_text_eq(address(api, "/p", R"({"list":["x,y"]})"), "");
  ck_text_eq(address(api, "//host/p", R"({"name":"x"})"), "");
  ck_text_eq(address(api, "", R"({"name":"x"})"), "");
  const std::string longest(kMaxAddress - std::string("/p?name=").size(), 'x');
  ck_assert_uint_eq(address(api, "/p", R"({"name":")" + longest + "\"}").size(), kMaxAddress);
  ck_text_eq(address(api, "/p", R"({"name":")" + longest + "y\"}"), "");
  ck_text_eq(address(api, "/p", "name=" + longest + "y", Body::Kind::form), "");
  ck_text_eq(address(api, "/" + std::string(kMaxAddress, 'p'), "{}"), "");
}
END_TEST

START_TEST(it_holds_no_credential) {
  Api api = queried();
  api.api_key_source = {ApiKeySource::In::query, "key"};
  ck_text_eq(address(api, "/p?key=secret&name=x", "{}"), "/p?name=x");
  ck_text_eq(address(api, "/p?k%65y=secret", R"({"name":"x"})"), "/p?name=x");
  api.api_key_source.name = "name";
  ck_text_eq(address(api, "/p?name=secret", "{}"), "");
  ck_text_eq(address(api, "/p", R"({"name":"secret"})"), "");
  ck_text_eq(address(api, "/p", "name=secret", Body::Kind::form), "");
}
END_TEST

START_TEST(bodies_that_are_rejected) {
  const Api api = queried();
  const std::string strict = "must be one JSON object (RFC 8259) and nothing else";
  for (const char* const body : {"[1]", "1", "\"x\"", "null", "true", "[[{\"a\":[]}]]", " [] "})
    ck_text_eq(problem(api, "/p", body), "invalid_body 422 " + strict);
  for (const char* const body : {"[1", "{", "x", "[1] 1", "nul", "[\"\xff\"]", "{}{}", "[{\"a\"}]"})
    ck_text_eq(problem(api, "/p", body), "invalid_body 400 " + strict);
  ck_text_eq(problem(api, "/p?name=x", R"({"name":"x"})"),
             "invalid_parameter 400 is in the URL and in the body");
  ck_text_eq(problem(api, "/p?list=x", R"({"list":["x"]})"),
             "invalid_parameter 400 is in the URL and in the body");
  ck_text_eq(problem(api, "/p?a%20b=x", "a+b=1", Body::Kind::form),
             "invalid_parameter 400 is in the URL and in the body");
  ck_text_eq(problem(api, "/p?name=x", R"({"list":["x"]})"), "bound");
  ck_text_eq(problem(api, "/p", "x", Body::Kind::other).substr(0, 26), "unsupported_media_type 415");
}
END_TEST

// All values of a request, or the problem.
std::string bound(const Api& api, const RequestData& request) {
  BlockArena arena;
  BoundValues values;
  if (const Problem found = bind_parameters(api, request, arena, values)) return std::string(found.detail);
  std::string out;
  for (size_t i = 0; i < api.parameters.size(); ++i)
    out.append("|").append(values.values[i] == nullptr ? "-" : values.values[i]);
  return out;
}

// A text of bytes that mean something in URLs, headers, forms or JSON.
std::string random_text(std::mt19937& random, bool json) {
  constexpr std::string_view kBytes = "a0 &=+%#?/,;:\"\\<>{}[]\r\n\t~'\xc3\xa9";
  std::string out;
  for (size_t left = random() % 8; left > 0; --left) {
    const char c = kBytes[random() % kBytes.size()];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      out += "\xc3\xa9";
    } else if (!json || (byte >= 0x20 && c != '"' && c != '\\')) {
      out += c;
    } else {
      out.append("\\u00").append({kLowerHex[byte >> 4U], kLowerHex[byte & 15U]});
    }
  }
  return out;
}

START_TEST(the_get_binds_what_the_query_binds) {
  const Api api = queried();
  Api plain = api;
  plain.query_method = false;
  std::mt19937 random(7);  // NOLINT: the same texts in every run
  size_t addresses = 0;
  for (int round = 0; round < 20000; ++round) {
    const bool json = random() % 2 == 0;
    std::string body;
    if (json) {
      body = "{\"name\":\"" + random_text(random, true) + "\",\"list\":[\"" + random_text(random, true) +
             "\",\"" + random_text(random, true) + "\"]}";
    } else {
      body = "name=" + random_text(random, false) + "&list=" + random_text(random, false);
    }
    const std::string target = random() % 2 == 0 ? "/p" : "/p?a+b=x%20y&other=1";
    BlockArena arena;
    const Body sent = {json ? Body::Kind::json : Body::Kind::form, body};
    const RequestData request = request_of(target, sent);
    const std::string found = get_address(api, request, arena);
    if (found.empty()) continue;
    for (const char c : found)
      ck_assert_msg(
          c > 0x20 && c < 0x7f && std::string_view("\"<>#\\^`{|}[]").find(c) == std::string_view::npos, "%s",
          found.c_str());
    const std::string values = bound(api, request);
    if (values.empty() || values[0] != '|') continue;  // it is an error
    ++addresses;
    ck_text_eq(bound(plain, testing::request_of_query(std::string_view(found).substr(found.find('?') + 1))),
               values);
  }
  ck_assert_uint_gt(addresses, 5000);
}
END_TEST

START_TEST(a_post_answers_400_to_a_list) {
  Api api = queried();
  api.query_method = false;
  for (Parameter& one : api.parameters) one.place = ParameterPlace::body;
  api.reads_body = true;
  ck_text_eq(problem(api, "/p", "[1]").substr(0, 16), "invalid_body 400");
  ck_text_eq(problem(api, "/p?name=x", R"({"name":"x"})"), "bound");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_query_address", of_a_json_object, of_a_form, there_is_none, it_holds_no_credential,
                bodies_that_are_rejected, the_get_binds_what_the_query_binds, a_post_answers_400_to_a_list);
