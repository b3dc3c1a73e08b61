#include "compile/manifest_line.hpp"

#include "base/refusal.hpp"
#include "core/digest.hpp"

namespace tablegate::loader {

std::string digest_of_lines(std::string_view lines) {
  core::Sha256 sha256;
  core::Digest digest;
  if (!sha256.digest(lines, digest)) throw SystemFailure("OpenSSL has no SHA-256");
  return core::to_hex(digest);
}

}  // namespace tablegate::loader
