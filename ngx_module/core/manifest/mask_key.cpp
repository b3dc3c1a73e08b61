#include "core/manifest/mask_key.hpp"

#include <openssl/crypto.h>

#include <array>
#include <string_view>

#include "core/manifest/manifest.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kBlock = 64;  // of SHA-256, in bytes (FIPS 180-4, section 1)
constexpr unsigned char kInner = 0x36;
constexpr unsigned char kOuter = 0x5c;

Secret pad_of(const Digest& secret, unsigned char with) {
  std::array<char, 2 + 2 * kBlock> text{};
  text[0] = '\\';
  text[1] = 'x';
  for (size_t i = 0; i < kBlock; ++i) {
    const unsigned byte = (i < secret.size() ? secret[i] : 0U) ^ with;
    text[2 + 2 * i] = kLowerHex[byte >> 4U];
    text[3 + 2 * i] = kLowerHex[byte & 15U];
  }
  Secret pad(std::string_view(text.data(), text.size()));
  OPENSSL_cleanse(text.data(), text.size());
  return pad;
}

}  // namespace

void set_mask_key(Manifest& manifest, const Digest& secret) {
  manifest.mask_key = {pad_of(secret, kInner), pad_of(secret, kOuter)};
  for (Api& api : manifest.apis) {
    for (InternalValue& value : api.internal) {
      if (value.kind == InternalValue::Kind::mask_inner) value.fixed = manifest.mask_key.inner.c_str();
      if (value.kind == InternalValue::Kind::mask_outer) value.fixed = manifest.mask_key.outer.c_str();
    }
  }
}

}  // namespace tablegate::core
