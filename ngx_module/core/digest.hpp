// Digests by OpenSSL, with the algorithm fetched once (OpenSSL 3 otherwise
// looks it up each time), and their hexadecimal form.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace tablegate::core {

using Digest = std::array<unsigned char, 32>;  // SHA-256
using Md5Digest = std::array<unsigned char, 16>;

// One algorithm and a context for it. One per worker; not shared by threads.
class Hasher {
 public:
  explicit Hasher(const char* algorithm);
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

 protected:
  // Writes exactly `size` bytes. False when OpenSSL failed; then reject the request.
  bool digest(std::string_view bytes, unsigned char* out, size_t size);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

class Sha256 : public Hasher {
 public:
  Sha256() : Hasher("SHA256") {}
  bool digest(std::string_view bytes, Digest& out) { return Hasher::digest(bytes, out.data(), out.size()); }
};

// Only for Content-MD5 (RFC 1864), which a signature covers.
class Md5 : public Hasher {
 public:
  Md5() : Hasher("MD5") {}
  bool digest(std::string_view bytes, Md5Digest& out) {
    return Hasher::digest(bytes, out.data(), out.size());
  }
};

// A digest as lower-case hex, and back.
std::string to_hex(const Digest& digest);
bool from_hex(std::string_view hex, Digest& out);

}  // namespace tablegate::core
