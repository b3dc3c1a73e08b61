// core/base64: RFC 4648's vectors, every byte in both directions, and only one
// spelling for each value.
#include "core/text/base64.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

struct Vector {
  const char* bytes;
  const char* standard;
  const char* url;
};
// RFC 4648 section 10, and one that shows the two alphabets.
constexpr Vector kVectors[] = {{"", "", ""},
                               {"f", "Zg==", "Zg"},
                               {"fo", "Zm8=", "Zm8"},
                               {"foo", "Zm9v", "Zm9v"},
                               {"foob", "Zm9vYg==", "Zm9vYg"},
                               {"fooba", "Zm9vYmE=", "Zm9vYmE"},
                               {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
                               {"\xFB\xEF\xFF", "++//", "--__"}};

START_TEST(the_vectors_of_the_rfc) {
  for (const Vector& vector : kVectors) {
    ck_text_eq(base64_encode(vector.bytes), vector.standard);
    ck_text_eq(base64url_encode(vector.bytes), vector.url);
    ck_text_eq(base64_decode(vector.standard).value_or("refused"), vector.bytes);
    ck_text_eq(base64url_decode(vector.url).value_or("refused"), vector.bytes);
  }
}
END_TEST

START_TEST(all_bytes_in_all_lengths_come_back) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    ck_assert(base64_decode(base64_encode(bytes)) == bytes);
    ck_assert(base64url_decode(base64url_encode(bytes)) == bytes);
    bytes += static_cast<char>(i * 7 + i / 256);
  }
}
END_TEST

// Of all texts of up to three characters exactly the results of encoding are accepted.
START_TEST(each_value_has_one_spelling) {
  constexpr std::string_view kSome = "AQgw/+-_=.\n Z";
  unsigned accepted = 0;
  std::string text(4, ' ');
  for (char a : kSome) {
    for (char b : kSome) {
      for (char c : kSome) {
        for (char d : kSome) {
          text = {a, b, c, d};
          for (size_t size = 0; size <= text.size(); ++size) {
            const std::string part = text.substr(0, size);
            if (const auto bytes = base64_decode(part)) {
              ck_text_eq(base64_encode(*bytes), part);
              ++accepted;
            }
            if (const auto bytes = base64url_decode(part)) {
              ck_text_eq(base64url_encode(*bytes), part);
              ++accepted;
            }
          }
        }
      }
    }
  }
  ck_assert_uint_gt(accepted, 1000);
}
END_TEST

START_TEST(other_spellings_are_refused) {
  for (const char* text : {"Zg==", "Zm8=", "Zh", "Zm9", "Z", "Zm9vY", "Zm 9v", "Zm9v\n", "Zm9+", "Zm9/",
                           "Zm9v=", "====", "Zm9v.", "\xC3\xA9\xC3\xA9"}) {
    ck_assert_msg(!base64url_decode(text), "URL: %s", text);
  }
  for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9=", "Zm8", "Z===", "====", "=", "==", "Zg==Zg==", "Zm9-",
                           "Zm9_", "Zm9v\n", "Z g=", "Zg=a", "Zm9vZg==="}) {
    ck_assert_msg(!base64_decode(text), "standard: %s", text);
  }
  // A NUL is rejected like any other character outside of the alphabet.
  ck_assert(!base64url_decode(std::string_view("Zm\0v", 4)));
  ck_assert(!base64_decode(std::string_view("Zm9v\0\0\0\0", 8)));
}
END_TEST

// The computed room is enough: the sanitizers report any byte beyond it.
START_TEST(decoding_into_a_buffer_of_the_named_room) {
  for (size_t length = 0; length < 70; ++length) {
    const std::string text = base64url_encode(std::string(length, 'x'));
    std::vector<char> out(base64_decoded_room(text.size()));
    size_t size = 0;
    ck_assert(base64url_decode(text, out.data(), size));
    ck_assert_uint_eq(size, length);
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_base64", the_vectors_of_the_rfc, all_bytes_in_all_lengths_come_back,
                each_value_has_one_spelling, other_spellings_are_refused,
                decoding_into_a_buffer_of_the_named_room);
