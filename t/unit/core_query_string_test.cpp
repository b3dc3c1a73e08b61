// core/query_string: finding and decoding the parameters of a query.
#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

constexpr const char* kBad = "(bad encoding)";

// The decoded value, which is NUL-terminated directly after its size.
std::string decoded(std::string_view raw) {
  BlockArena arena;
  const std::string_view value = decode_query_value(raw, arena);
  if (value.data() == nullptr) return kBad;
  ck_assert_int_eq(value.data()[value.size()], '\0');
  return std::string(value);
}

std::string found(std::string_view query, std::string_view name, unsigned count = 1) {
  const QueryValue value = find_query_value(query, name);
  ck_assert_uint_eq(value.count, count);
  return std::string(value.raw);
}

START_TEST(values_without_escapes_are_copied) {
  ck_text_eq(decoded(""), "");
  ck_text_eq(decoded("abc"), "abc");
  ck_text_eq(decoded("a=b;c/d?e"), "a=b;c/d?e");
}
END_TEST

START_TEST(plus_is_a_blank_and_percent_2b_is_a_plus) {
  ck_text_eq(decoded("a+b"), "a b");
  ck_text_eq(decoded("+"), " ");
  ck_text_eq(decoded("a%2Bb%2b"), "a+b+");
}
END_TEST

START_TEST(percent_escapes_decode_in_either_case) {
  ck_text_eq(decoded("%41%4a%4A"), "AJJ");
  ck_text_eq(decoded("%E4%BD%A0"), "\xE4\xBD\xA0");
  ck_text_eq(decoded("%25%32%35"), "%25");
  ck_text_eq(decoded("%26%3D"), "&=");
  for (int byte = 0; byte < 256; ++byte) {
    char text[4];
    snprintf(text, sizeof text, "%%%02X", static_cast<unsigned>(byte));
    ck_text_eq(decoded(text), std::string(1, static_cast<char>(byte)));
  }
}
END_TEST

START_TEST(bad_percent_encoding_is_refused) {
  for (const char* raw :
       {"%", "%4", "%G1", "%1G", "a%", "a%2", "%%41", "%-1", "% 1", "%+1", "%0x", "100%", "%u0041"}) {
    ck_text_eq(decoded(raw), kBad);
  }
}
END_TEST

START_TEST(an_encoded_nul_stays_in_the_value_for_the_type_check_to_see) {
  ck_text_eq(decoded("a%00b"), std::string("a\0b", 3));
}
END_TEST

START_TEST(no_memory_is_no_value) {
  testing::ScarceArena none(0);
  ck_assert_ptr_null(decode_query_value("abc", none).data());
  ck_assert_ptr_null(decode_query_value("a%20c", none).data());
}
END_TEST

START_TEST(parameters_are_found_wherever_they_stand) {
  ck_text_eq(found("a=1&b=2&c=3", "a"), "1");
  ck_text_eq(found("a=1&b=2&c=3", "b"), "2");
  ck_text_eq(found("a=1&b=2&c=3", "c"), "3");
  ck_text_eq(found("&&a=1&&", "a"), "1");
}
END_TEST

START_TEST(absent_parameters_are_not_found) {
  ck_text_eq(found("", "a", 0), "");
  ck_text_eq(found("&", "a", 0), "");
  ck_text_eq(found("aa=1&b=a&A=2", "a", 0), "");
  ck_text_eq(found("a%20=1&%20a=1", "a", 0), "");
}
END_TEST

START_TEST(a_name_alone_and_an_empty_value_are_empty_values) {
  ck_text_eq(found("a", "a"), "");
  ck_text_eq(found("a=", "a"), "");
  ck_text_eq(found("b&a&c", "a"), "");
}
END_TEST

START_TEST(a_value_keeps_its_own_equals_signs_and_its_encoding) {
  ck_text_eq(found("a=1=2", "a"), "1=2");
  ck_text_eq(found("a==", "a"), "=");
  ck_text_eq(found("a=%41+", "a"), "%41+");
}
END_TEST

START_TEST(repeated_parameters_are_counted_and_the_first_is_told) {
  ck_text_eq(found("a=1&a=2", "a", 2), "1");
  ck_text_eq(found("a&b&a=2&%61=3", "a", 3), "");
}
END_TEST

START_TEST(names_are_compared_decoded) {
  ck_text_eq(found("us%65r_id=1", "user_id"), "1");
  ck_text_eq(found("%75%73%65%72=1", "user"), "1");
  ck_text_eq(found("%E4%BD%A0=1", "\xE4\xBD\xA0"), "1");
  ck_text_eq(found("a%20b=1", "a b"), "1");
  ck_text_eq(found("a+b=1", "a b"), "1");
  ck_text_eq(found("a+b=1", "a+b", 0), "");
  ck_text_eq(found("a%2Bb=1", "a+b"), "1");
}
END_TEST

START_TEST(badly_encoded_names_are_nobody_s) {
  ck_text_eq(found("%zz=1&%6=2&%=3&a%=4", "a", 0), "");
  ck_text_eq(found("%61%=1", "a", 0), "");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_query_string", values_without_escapes_are_copied,
                plus_is_a_blank_and_percent_2b_is_a_plus, percent_escapes_decode_in_either_case,
                bad_percent_encoding_is_refused, an_encoded_nul_stays_in_the_value_for_the_type_check_to_see,
                no_memory_is_no_value, parameters_are_found_wherever_they_stand,
                absent_parameters_are_not_found, a_name_alone_and_an_empty_value_are_empty_values,
                a_value_keeps_its_own_equals_signs_and_its_encoding,
                repeated_parameters_are_counted_and_the_first_is_told, names_are_compared_decoded,
                badly_encoded_names_are_nobody_s);
