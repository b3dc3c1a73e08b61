#include "core/route/encoded_slash.hpp"

#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

constexpr char kEncodedSlash = '\0';

bool is_slash(char c) {
  return c == '/' || c == kEncodedSlash;
}

// The decoded character of `target` at `at`, which is advanced. An encoded slash is kEncodedSlash.
char next_character(std::string_view target, size_t& at) {
  const char c = target[at++];
  if (c != '%' || at + 2 > target.size()) return c;
  const int value = hex_value(target[at]) * 16 + hex_value(target[at + 1]);
  at += 2;
  return value == '/' ? kEncodedSlash : static_cast<char>(value);
}

bool has_encoded_slash(std::string_view target) {
  for (size_t at = target.find('%'); at != std::string_view::npos; at = target.find('%', at + 1)) {
    if (target.substr(at + 1, 2) == "2F" || target.substr(at + 1, 2) == "2f") return true;
  }
  return false;
}

}  // namespace

std::string_view mark_encoded_slashes(std::string_view target, std::string_view path, Arena& arena) {
  target = target.substr(0, target.find_first_of("?#"));
  if (!has_encoded_slash(target)) return path;
  char* marked = static_cast<char*>(arena.allocate(target.size()));
  if (marked == nullptr) return path;
  size_t size = 0;
  size_t matched = 0;  // characters of `path`
  for (size_t at = 0; at < target.size();) {
    const char c = next_character(target, at);
    const char expected = is_slash(c) ? '/' : c;
    const bool after_slash = size > 0 && is_slash(marked[size - 1]);
    if (matched < path.size() && path[matched] == expected) {
      ++matched;
    } else if (!is_slash(c) || !after_slash) {
      return path;
    } else if (c == '/' && marked[size - 1] == '/') {
      continue;  // two separators that nginx has merged
    }
    marked[size++] = c;
  }
  return matched == path.size() ? std::string_view(marked, size) : path;
}

}  // namespace tablegate::core
