// A secret in a file: editors and `echo` end its line, LF or CRLF, which is no part
// of it. One line end, so that whatever else is there is not guessed away.
#pragma once

#include <string>
#include <string_view>

namespace tablegate::loader {

inline std::string_view without_line_end(std::string_view text) {
  if (text.empty() || text.back() != '\n') return text;
  text.remove_suffix(1);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

inline void drop_line_end(std::string& text) {
  text.resize(without_line_end(text).size());
}

}  // namespace tablegate::loader
