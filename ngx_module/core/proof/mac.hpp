// HMAC (RFC 2104) by OpenSSL with the key set once: making a context takes four
// times as long as a signature; restarting it with its key takes almost no
// time.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace tablegate::core {

enum class HmacHash : unsigned char { sha1, sha256, sha384, sha512 };
constexpr size_t kMaxMacSize = 64;

// Bytes of a signature.
constexpr size_t mac_size(HmacHash hash) {
  constexpr size_t kSizes[] = {20, 32, 48, 64};
  return kSizes[static_cast<size_t>(hash)];
}

// One key's context. One per worker; not shared by threads. OpenSSL copies the key's bytes and wipes its copy
// when this is destroyed.
class Mac {
 public:
  Mac(HmacHash hash, std::string_view key);
  ~Mac();
  Mac(Mac&&) noexcept;
  Mac& operator=(Mac&&) noexcept;
  Mac(const Mac&) = delete;
  Mac& operator=(const Mac&) = delete;

  // Writes mac_size(hash) bytes. False when OpenSSL failed; then reject the request.
  bool compute(std::string_view bytes, unsigned char* out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace tablegate::core
