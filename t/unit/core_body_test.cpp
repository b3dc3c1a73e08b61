// core/body: JSON bodies, strictly, and the kinds of bodies.
#include "core/call/body.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

// "name=kind:value ..." or the reason.
std::string parsed(std::string_view text) {
  BlockArena arena;
  FlatObject object;
  if (const Problem problem = parse_json_body(text, arena, object)) {
    ck_assert(problem.slug == Slug::invalid_body);
    return std::string(problem.detail);
  }
  constexpr const char* kKinds[] = {"null", "text", "number", "truth", "object", "strings", "list"};
  std::string out;
  for (size_t i = 0; i < object.count; ++i) {
    const FlatMember& member = object.members[i];
    if (member.object != 0 || member.element) continue;
    ck_assert(object.find(member.name) == &member);
    out += std::string(out.empty() ? "" : " ") + std::string(member.name) + "=" +
           kKinds[static_cast<size_t>(member.kind)] + ":" + std::string(member.text);
  }
  return out;
}

const std::string kNoObject = "must be one JSON object (RFC 8259) and nothing else";

std::string nested(int depth) {
  return R"({"a":)" + std::string(static_cast<size_t>(depth - 1), '[') +
         std::string(static_cast<size_t>(depth - 1), ']') + "}";
}

START_TEST(members_are_read_with_their_kinds) {
  ck_text_eq(parsed("{}"), "");
  ck_text_eq(
      parsed(
          " {\t\"a\" : 1 ,\n\"b\":\"x\",\"c\":true,\"d\":false,\"e\":null,\"f\":[1,{\"a\":2}],\"g\":{}}\r\n"),
      "a=number:1 b=text:x c=truth:true d=truth:false e=null: f=list: g=object:");
  ck_text_eq(parsed(R"({"":"empty name"})"), "=text:empty name");
}
END_TEST

START_TEST(numbers_stay_as_they_are_written) {
  const std::string digits = "123456789012345678901234567890.12345678901234567890123456789";
  ck_text_eq(parsed("{\"a\":" + digits + ",\"b\":-0,\"c\":9223372036854775807,\"d\":1e5,\"e\":0.10}"),
             "a=number:" + digits + " b=number:-0 c=number:9223372036854775807 d=number:1e5 e=number:0.10");
}
END_TEST

START_TEST(texts_are_decoded) {
  ck_text_eq(parsed(R"({"a":"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00"})"),
             "a=text:\"\\/\b\f\n\r\tA\xc3\xa9\xf0\x9f\x98\x80");
  ck_text_eq(parsed(R"({"\u0061":1})"), "a=number:1");
}
END_TEST

START_TEST(only_an_object_is_a_body) {
  for (const char* text : {"[]", "1", "\"x\"", "null", "true"}) ck_text_eq(parsed(text), kNoObject);
  for (const char* text : {"",
                           " ",
                           "{",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\":01}",
                           "{\"a\":+1}",
                           "{\"a\":.5}",
                           "{\"a\":1.}",
                           "{\"a\":NaN}",
                           "{\"a\":Infinity}",
                           "{\"a\":tru}",
                           "{\"a\":\"x}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":1 \"b\":2}",
                           "{/**/}",
                           "\xef\xbb\xbf{}",
                           "{\"a\":0x10}"})
    ck_text_eq(parsed(text), kNoObject);
}
END_TEST

START_TEST(nothing_follows_the_object) {
  ck_text_eq(parsed("{}{}"), kNoObject);
  ck_text_eq(parsed("{} x"), kNoObject);
  ck_text_eq(parsed(std::string_view("{}\0", 3)), kNoObject);
  ck_text_eq(parsed(std::string_view("{}\0x", 4)), kNoObject);
}
END_TEST

START_TEST(a_member_twice_is_refused_at_any_depth) {
  ck_text_eq(parsed(R"({"a":1,"b":2,"a":3})"), "has a member twice");
  ck_text_eq(parsed(R"({"a":1,"\u0061":2})"), "has a member twice");
  ck_text_eq(parsed(R"({"x":[{"a":1,"a":2}]})"), "has a member twice");
  ck_text_eq(parsed(R"({"a":{"a":{"a":1}},"b":{"a":1}})"), "a=object: b=object:");
}
END_TEST

START_TEST(nesting_has_a_limit) {
  ck_text_eq(parsed(nested(16)), "a=list:");
  ck_text_eq(parsed(nested(17)), "is nested too deeply");
  ck_text_eq(parsed("{\"a\":" + std::string(1000000, '[')), "is nested too deeply");
}
END_TEST

START_TEST(text_is_utf8) {
  for (const char* bad : {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82"})
    ck_text_eq(parsed("{\"a\":\"" + std::string(bad) + "\"}"), kNoObject);
  ck_text_eq(parsed(R"({"a":"\ud800"})"), kNoObject);
  ck_text_eq(parsed(R"({"a":"\ud800\u0041"})"), kNoObject);
  ck_text_eq(parsed("{\"a\":\"\x01\"}"), kNoObject);
  ck_text_eq(parsed(R"({"a":"\u12g4"})"), kNoObject);
}
END_TEST

START_TEST(a_body_is_what_its_media_type_says) {
  ck_assert(body_kind("application/x-www-form-urlencoded", "a=1") == Body::Kind::form);
  ck_assert(body_kind("Application/X-WWW-Form-Urlencoded ; charset=utf-8", "a=1") == Body::Kind::form);
  ck_assert(body_kind(" application/json;charset=utf-8", "{}") == Body::Kind::json);
  ck_assert(body_kind("application/jsonx", "{}") == Body::Kind::other);
  ck_assert(body_kind("", "{}") == Body::Kind::other);
  ck_assert(body_kind("application/json", "") == Body::Kind::none);
}
END_TEST

START_TEST(no_memory_is_an_error_of_ours) {
  for (int left = 0; left < 3; ++left) {
    testing::ScarceArena arena(left);
    FlatObject object;
    const Problem problem = parse_json_body(R"({"a":1})", arena, object);
    ck_assert(left == 2 ? !problem : problem.slug == Slug::internal_error);
    ck_assert_uint_eq(object.count, left == 2 ? 1U : 0U);
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_body", members_are_read_with_their_kinds, numbers_stay_as_they_are_written,
                texts_are_decoded, only_an_object_is_a_body, nothing_follows_the_object,
                a_member_twice_is_refused_at_any_depth, nesting_has_a_limit, text_is_utf8,
                a_body_is_what_its_media_type_says, no_memory_is_an_error_of_ours);
