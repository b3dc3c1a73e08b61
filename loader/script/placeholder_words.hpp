// Characters and words of SQL as the reader of placeholders knows them, and what it
// answers where a value cannot be.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "core/text/ascii.hpp"

namespace tablegate::loader {

template <size_t Size>
bool is_among(const std::string_view (&words)[Size], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

inline bool is_sql_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

inline bool is_sql_word(char c) {
  return core::is_letter(c) || core::is_digit(c) || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// `place`: what is there: "a part of a name".
inline std::string with_choose(std::string_view place) {
  return "a placeholder is a value and cannot be " + std::string(place) +
         ": write the alternatives with <choose>";
}

}  // namespace tablegate::loader
