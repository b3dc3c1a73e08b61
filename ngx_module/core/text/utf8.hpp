// UTF-8 as in RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tablegate::core {

// Whether `text` is valid UTF-8 without NUL, which PostgreSQL's text cannot hold.
inline bool valid_text(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* end = p + text.size();
  auto continuation = [](unsigned char c) { return (c & 0xC0U) == 0x80U; };
  while (p < end) {
    if (end - p >= 8) {  // eight bytes of ASCII without NUL at once
      uint64_t word = 0;
      std::memcpy(&word, p, sizeof word);
      if (((word | (word - 0x0101010101010101U)) & 0x8080808080808080U) == 0) {
        p += 8;
        continue;
      }
    }
    const unsigned char c = *p;
    if (c < 0x80U) {
      if (c == 0) return false;
      ++p;
      continue;
    }
    const size_t left = static_cast<size_t>(end - p);
    if (c >= 0xC2U && c <= 0xDFU) {
      if (left < 2 || !continuation(p[1])) return false;
      p += 2;
    } else if ((c & 0xF0U) == 0xE0U) {
      if (left < 3 || !continuation(p[1]) || !continuation(p[2])) return false;
      if (c == 0xE0U && p[1] < 0xA0U) return false;
      if (c == 0xEDU && p[1] > 0x9FU) return false;
      p += 3;
    } else if (c >= 0xF0U && c <= 0xF4U) {
      if (left < 4 || !continuation(p[1]) || !continuation(p[2]) || !continuation(p[3])) return false;
      if (c == 0xF0U && p[1] < 0x90U) return false;
      if (c == 0xF4U && p[1] > 0x8FU) return false;
      p += 4;
    } else {
      return false;
    }
  }
  return true;
}

// Adds a character below U+10000 that is no surrogate.
inline void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80U) {
    out += static_cast<char>(code);
  } else if (code < 0x800U) {
    out += static_cast<char>(0xC0U | code >> 6U);
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    out += static_cast<char>(0xE0U | code >> 12U);
    out += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  }
}

}  // namespace tablegate::core
