// Bytes of ASCII whatever the locale is: kinds of characters, case, blanks, hex.
// The one place for them; both programs use it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace tablegate::core {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}
// A character of a token: a name of a header or a cookie (RFC 9110 section 5.6.2).
constexpr bool is_token_character(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
inline std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}
inline bool same_in_any_case(std::string_view one, std::string_view other) {
  return one.size() == other.size() && std::equal(one.begin(), one.end(), other.begin(),
                                                  [](char a, char b) { return to_lower(a) == to_lower(b); });
}

constexpr std::string_view kBlanks = " \t";
// Without the characters of `blanks` at its end, at both ends.
constexpr std::string_view trimmed_end(std::string_view text, std::string_view blanks = kBlanks) {
  while (!text.empty() && blanks.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return text;
}
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = kBlanks) {
  while (!text.empty() && blanks.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  return trimmed_end(text, blanks);
}

// 0 to 15; -1: no hexadecimal digit.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
constexpr std::string_view kLowerHex = "0123456789abcdef";
constexpr std::string_view kUpperHex = "0123456789ABCDEF";
// Appends the two digits of a byte.
inline void append_hex(std::string& out, char byte, std::string_view digits = kLowerHex) {
  const auto value = static_cast<unsigned char>(byte);
  out += digits[value >> 4U];
  out += digits[value & 15U];
}

}  // namespace tablegate::core
