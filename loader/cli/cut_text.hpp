// The beginning of a text for people: as many bytes as fit, and no half of a
// character.
//   cut_text("naïve", 3)  ->  "na"
#pragma once

#include <cstddef>
#include <string_view>

namespace tablegate::loader {

inline std::string_view cut_text(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

}  // namespace tablegate::loader
