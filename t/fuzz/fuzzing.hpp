// What the fuzzers share: an assertion that ends the process whatever NDEBUG
// says, and manifests whose header fits any body.
#pragma once

#include <cstdio>
#include <cstdlib>
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
      R"({"format":1,"gateway":"g","publication":1,"sha256":")" + core::to_hex(digest) + "\"}\n";
  return text.append(body);
}

}  // namespace tablegate::fuzz
