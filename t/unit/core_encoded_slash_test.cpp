// core/encoded_slash: "%2F" in a path is data, not a separator.
#include "core/route/encoded_slash.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

// With '|' for an encoded slash.
std::string marked(std::string_view target, std::string_view path) {
  BlockArena arena;
  std::string out(mark_encoded_slashes(target, path, arena));
  for (char& c : out) c = c == '\0' ? '|' : c;
  return out;
}

START_TEST(an_encoded_slash_is_marked) {
  ck_text_eq(marked("/v1/a%2Fb", "/v1/a/b"), "/v1/a|b");
  ck_text_eq(marked("/v1/a%2fb/c?x=%2F", "/v1/a/b/c"), "/v1/a|b/c");
  ck_text_eq(marked("/v1/%2F/c#%2F", "/v1/c"), "/v1/|/c");
  ck_text_eq(marked("/v1/%61%2f%E4%BD%A0", "/v1/a/\xE4\xBD\xA0"), "/v1/a|\xE4\xBD\xA0");
  ck_text_eq(marked("/v1/a%2F", "/v1/a/"), "/v1/a|");
}
END_TEST

START_TEST(a_path_without_one_stays) {
  ck_text_eq(marked("/v1/a/b?c=a%2Fb", "/v1/a/b"), "/v1/a/b");
  ck_text_eq(marked("/v1/%252F", "/v1/%2F"), "/v1/%2F");
  ck_text_eq(marked("", ""), "");
}
END_TEST

START_TEST(merged_slashes_are_no_difference) {
  ck_text_eq(marked("/v1/a%2F%2Fb", "/v1/a/b"), "/v1/a||b");
  ck_text_eq(marked("/v1/a%2F%2Fb", "/v1/a//b"), "/v1/a||b");  // merge_slashes off
  ck_text_eq(marked("//v1///a%2F/b", "/v1/a/b"), "/v1/a|/b");
  ck_text_eq(marked("/v1/%2Fa", "/v1/a"), "/v1/|a");
}
END_TEST

START_TEST(what_nginx_has_changed_otherwise_stays_as_nginx_has_it) {
  ck_text_eq(marked("/secret/..%2Fopen%2Fa", "/open/a"), "/open/a");
  ck_text_eq(marked("/open/a%2F..%2Fb", "/open/b"), "/open/b");
  ck_text_eq(marked("/a/.%2Fb", "/a/b"), "/a/b");
  ck_text_eq(marked("/a%2Fb/.", "/a/b/"), "/a/b/");
  ck_text_eq(marked("/a%2Fb", "/rewritten"), "/rewritten");
  ck_text_eq(marked("/a%2Fb", "/a/b/c"), "/a/b/c");
  ck_text_eq(marked("/a%2F%", "/a/"), "/a/");
}
END_TEST

START_TEST(no_memory_is_no_crash) {
  testing::ScarceArena arena(0);
  ck_text_eq(std::string(mark_encoded_slashes("/a%2Fb", "/a/b", arena)), "/a/b");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_encoded_slash", an_encoded_slash_is_marked, a_path_without_one_stays,
                merged_slashes_are_no_difference, what_nginx_has_changed_otherwise_stays_as_nginx_has_it,
                no_memory_is_no_crash);
