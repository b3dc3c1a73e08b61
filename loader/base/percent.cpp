#include "base/percent.hpp"

#include "core/text/ascii.hpp"

namespace tablegate::loader {

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (core::is_letter(c) || core::is_digit(c) ||
        std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      core::append_hex(out, c, core::kUpperHex);
    }
  }
  return out;
}

std::string encode_values(const std::vector<std::pair<std::string, std::string>>& values) {
  std::string text;
  for (const auto& [name, value] : values)
    text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return text;
}

}  // namespace tablegate::loader
