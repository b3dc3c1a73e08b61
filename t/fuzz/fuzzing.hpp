// Shared by the fuzzers: an assertion that ends the process even with NDEBUG,
// manifests whose header fits any body, and a second, simpler decoder of query
// strings than core's.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "core/digest.hpp"

#define INVARIANT(condition)                                                       \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (0)

namespace tablegate::fuzz {

inline std::string with_header(std::string_view body) {
  core::Sha256 sha256;
  core::Digest digest{};
  INVARIANT(sha256.digest(body, digest));
  std::string text =
      R"({"format":2,"gateway":"g","publication":1,"sha256":")" + core::to_hex(digest) + "\"}\n";
  return text.append(body);
}

// Lines of consumers as the credentials of the manifest with this body.
inline std::string credentials_of(std::string_view consumers, std::string_view manifest_body) {
  core::Sha256 sha256;
  core::Digest digest{}, manifest{};
  INVARIANT(sha256.digest(consumers, digest) && sha256.digest(manifest_body, manifest));
  std::string text = R"({"format":1,"gateway":"g","manifests":[")" + core::to_hex(manifest) +
                     R"("],"sha256":")" + core::to_hex(digest) + "\"}\n";
  return text.append(consumers);
}

// False: the encoding is invalid.
inline bool plain_decode(std::string_view raw, std::string& out) {
  const auto is_hex = [](char c) { return c != '\0' && std::strchr("0123456789abcdefABCDEF", c) != nullptr; };
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '+') {
      out += ' ';
    } else if (raw[i] == '%') {
      if (i + 2 >= raw.size() || !is_hex(raw[i + 1]) || !is_hex(raw[i + 2])) return false;
      out += static_cast<char>(std::stoi(std::string(raw.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += raw[i];
    }
  }
  return true;
}

// Removes the text before the first line feed and returns it.
inline std::string_view next_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace tablegate::fuzz
