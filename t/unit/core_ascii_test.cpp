// core/ascii: blanks, case and hex are those of ASCII, whatever the locale is.
#include "core/text/ascii.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

START_TEST(blanks_at_the_ends_go) {
  ck_text_eq(trimmed(" \t a b\t "), "a b");
  ck_text_eq(trimmed(" \t "), "");
  ck_text_eq(trimmed(""), "");
  ck_text_eq(trimmed("\na\n"), "\na\n");
  ck_text_eq(trimmed("\r\n a \n", " \r\n"), "a");
  ck_text_eq(trimmed_end("  a \r\n", " \r\n"), "  a");
}
END_TEST

START_TEST(only_ascii_letters_have_a_case) {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    ck_assert_int_eq(to_lower(c), i >= 'A' && i <= 'Z' ? static_cast<char>(i + 32) : c);
    ck_assert_int_eq(is_letter(c), (i >= 'A' && i <= 'Z') || (i >= 'a' && i <= 'z'));
    ck_assert_int_eq(is_digit(c), i >= '0' && i <= '9');
  }
  ck_text_eq(to_lower("X-Ca-Key \xC3\x84"), "x-ca-key \xC3\x84");
  ck_assert(same_in_any_case("Content-Type", "content-tYPE"));
  ck_assert(!same_in_any_case("Content-Type", "content-typ"));
  ck_assert(!same_in_any_case("[", "{"));
  ck_assert(is_token_character('~') && !is_token_character(' ') && !is_token_character(':'));
}
END_TEST

START_TEST(each_byte_has_two_digits) {
  for (int i = 0; i < 256; ++i) {
    std::string lower;
    append_hex(lower, static_cast<char>(i));
    std::string upper;
    append_hex(upper, static_cast<char>(i), kUpperHex);
    ck_assert_uint_eq(lower.size(), 2);
    ck_assert_int_eq(hex_value(lower[0]) * 16 + hex_value(lower[1]), i);
    ck_text_eq(to_lower(upper), lower);
  }
  for (const char c : {'/', ':', '@', 'G', '`', 'g', ' ', '\xC3'}) ck_assert_int_eq(hex_value(c), -1);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_ascii", blanks_at_the_ends_go, only_ascii_letters_have_a_case,
                each_byte_has_two_digits);
