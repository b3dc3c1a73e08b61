#include "base/text_position.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tablegate::loader {

TextPosition text_position(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t feed = before.rfind('\n');
  const std::string_view in_line = feed == std::string_view::npos ? before : before.substr(feed + 1);
  const auto characters = std::count_if(in_line.begin(), in_line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not a byte that continues one
  });
  return {static_cast<size_t>(line), static_cast<size_t>(characters) + 1};
}

std::string TextFault::text() const {
  if (at.line == 0) return reason;
  return fmt::format("{} (line {} column {})", reason, at.line, at.column);
}

// FNV-1a: a prime multiplied in for each byte.
TextPositions::Key TextPositions::below(Key key, std::string_view token) {
  constexpr Key kPrime = 0x100000001b3;
  for (const char c : token) key = (key ^ static_cast<unsigned char>(c)) * kPrime;
  return key;
}

TextPosition TextPositions::find(std::string_view pointer) const {
  TextPosition nearest;
  Key key = kRoot;
  for (;;) {
    const auto known = positions_.find(key);
    if (known != positions_.end()) nearest = known->second;
    if (pointer.empty()) return nearest;
    const std::string_view token = pointer.substr(0, pointer.find('/', 1));
    key = below(key, token);
    pointer.remove_prefix(token.size());
  }
}

}  // namespace tablegate::loader
