// Origins of web pages, as definitions and tablegate_cors list them.
#include "core/text/origin.hpp"

#include <string>
#include <vector>

#include "core_testing.hpp"

namespace {

using tablegate::core::find_origin_fault;
using tablegate::core::kMaxOrigins;

START_TEST(what_browsers_send) {
  for (const char* origin : {"https://app.example", "http://localhost:3000", "http://127.0.0.1:8080",
                             "https://[::1]:8443", "http://[2001:db8::1]", "https://xn--bcher-kva.example",
                             "capacitor://localhost", "chrome-extension://abcdefghijklmnop",
                             "https://a_b.example", "http://a.example:443", "https://a.example:65535", "*"}) {
    ck_assert_msg(!find_origin_fault({origin}), "%s is rejected", origin);
  }
  ck_assert(!find_origin_fault({}));
}
END_TEST

START_TEST(what_they_never_send) {
  for (const char* origin : {"",
                             "null",
                             "off",
                             "app.example",
                             "https://",
                             "://a",
                             "https:/a.example",
                             "https://a.example/",
                             "https://a.example/x",
                             "https://A.example",
                             "HTTPS://a.example",
                             "https://user@a.example",
                             "https://a.example:0",
                             "https://a.example:65536",
                             "https://a.example:080",
                             "https://a.example:",
                             "https://a.example:443",
                             "http://a.example:80",
                             "https://*.example",
                             "https://.example",
                             "https://a..example",
                             "https://a.example.",
                             "https://[::1",
                             "https://[]",
                             "https://[::1]x",
                             "https://[x]",
                             "https://a.example;",
                             "https://a.example }",
                             "https://a.example\n",
                             "https://a.example\"",
                             "https://$host",
                             "https://a\\b",
                             "1https://a",
                             "h ttps://a",
                             "https://b\xc3\xbc"
                             "cher.example"}) {
    ck_assert_msg(find_origin_fault({origin}).has_value(), "%s is accepted", origin);
  }
  ck_assert(find_origin_fault({std::string_view("https://a\0b", 11)}).has_value());
  const std::string long_host = "https://" + std::string(400, 'a');
  ck_assert(find_origin_fault({long_host}).has_value());
}
END_TEST

START_TEST(lists) {
  ck_assert_uint_eq(find_origin_fault({"https://a.example", "x"})->place, 1);
  ck_assert_uint_eq(find_origin_fault({"https://a.example", "*"})->place, 1);
  ck_assert_uint_eq(find_origin_fault({"https://a.example", "https://b.example", "https://a.example"})->place,
                    2);
  std::vector<std::string> texts;
  for (size_t i = 0; i <= kMaxOrigins; ++i) texts.push_back("https://a" + std::to_string(i) + ".example");
  std::vector<std::string_view> many(texts.begin(), texts.end() - 1);
  ck_assert(!find_origin_fault(many));
  many.push_back(texts.back());
  ck_assert_uint_eq(find_origin_fault(many)->place, kMaxOrigins);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_origin", what_browsers_send, what_they_never_send, lists);
