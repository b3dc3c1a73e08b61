#include "core/manifest/mask_key.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/manifest/manifest.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kBlock = 64;                // of SHA-256, in bytes (FIPS 180-4, section 1)
constexpr size_t kPadText = 2 + 2 * kBlock;  // \x and the block in hex
constexpr unsigned char kInner = 0x36;
constexpr unsigned char kOuter = 0x5c;

Secret pad_of(const Digest& secret, unsigned char with) {
  std::array<char, kPadText> text{};
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

// The pads of the workspace's key; empty when OpenSSL failed.
MaskPads pads_of(const Digest& secret, const std::string& workspace) {
  Digest key{};
  unsigned size = 0;
  const auto* const name = reinterpret_cast<const unsigned char*>(workspace.data());  // NOLINT: as bytes
  MaskPads pads;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), name, workspace.size(), key.data(),
           &size) != nullptr &&
      size == key.size())
    pads = {pad_of(key, kInner), pad_of(key, kOuter)};
  OPENSSL_cleanse(key.data(), key.size());
  return pads;
}

bool has_hash_mask(const Api& api) {
  return std::any_of(api.internal.begin(), api.internal.end(),
                     [](const InternalValue& value) { return value.is_of_mask(); });
}

}  // namespace

void set_mask_keys(Manifest& manifest, const Digest& secret) {
  MaskKeys& keys = manifest.mask_keys;
  keys.usable = true;
  for (Api& api : manifest.apis) {
    if (!has_hash_mask(api)) continue;
    auto found = keys.of_workspaces.find(api.workspace);
    if (found == keys.of_workspaces.end())
      found = keys.of_workspaces.emplace(api.workspace, pads_of(secret, api.workspace)).first;
    const MaskPads& pads = found->second;
    if (pads.inner.empty()) continue;  // the API answers 500
    for (InternalValue& value : api.internal) {
      if (value.kind == InternalValue::Kind::mask_inner) value.fixed = pads.inner.c_str();
      if (value.kind == InternalValue::Kind::mask_outer) value.fixed = pads.outer.c_str();
    }
  }
}

}  // namespace tablegate::core
