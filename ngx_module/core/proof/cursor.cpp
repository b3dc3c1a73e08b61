#include "core/proof/cursor.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>
#include <string>

#include "core/openssl.hpp"
#include "core/text/base64.hpp"

namespace tablegate::core {

namespace {

constexpr unsigned char kCursorVersion = 1;
constexpr size_t kNonceSize = 12;
constexpr size_t kTagSize = 16;
constexpr size_t kHeadSize = 1 + kNonceSize;

using CipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, OpenSslFree<EVP_CIPHER_CTX_free>>;

const unsigned char* cursor_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());  // NOLINT: characters as bytes
}

bool cursor_mac(const Digest& key, std::string_view bytes, Digest& out) {
  unsigned size = 0;
  return HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), cursor_bytes(bytes), bytes.size(),
              out.data(), &size) != nullptr &&
         size == out.size();
}

// `about` and the content, one after the other.
bool make_nonce(const CursorKey& key, const Digest& about, std::string_view content, Arena& arena,
                unsigned char* nonce) {
  auto* const all = static_cast<char*>(arena.allocate(about.size() + content.size()));
  Digest digest;
  if (all == nullptr) return false;
  std::memcpy(all, about.data(), about.size());
  if (!content.empty()) std::memcpy(all + about.size(), content.data(), content.size());
  if (!cursor_mac(key.nonce_key(), {all, about.size() + content.size()}, digest)) return false;
  std::memcpy(nonce, digest.data(), kNonceSize);
  return true;
}

bool start_cipher(EVP_CIPHER_CTX* context, const CursorKey& key, const unsigned char* nonce,
                  const Digest& about, int encrypt) {
  int size = 0;
  return context != nullptr &&
         EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nullptr, key.cipher_key(), nonce, encrypt) == 1 &&
         EVP_CipherUpdate(context, nullptr, &size, about.data(), static_cast<int>(about.size())) == 1;
}

}  // namespace

CursorKey::CursorKey(const Digest& secret) {
  usable_ = cursor_mac(secret, "tablegate cursor cipher", cipher_) &&
            cursor_mac(secret, "tablegate cursor nonce", nonce_);
}

CursorKey::~CursorKey() {
  OPENSSL_cleanse(cipher_.data(), cipher_.size());
  OPENSSL_cleanse(nonce_.data(), nonce_.size());
}

std::string_view seal_cursor(const CursorKey& key, const Digest& about, std::string_view content,
                             Arena& arena) {
  const size_t size = kHeadSize + content.size() + kTagSize;
  auto* const sealed = static_cast<unsigned char*>(arena.allocate(size));
  if (sealed == nullptr || !key.usable() || size > INT32_MAX) return {};
  sealed[0] = kCursorVersion;
  const CipherCtxPtr context(EVP_CIPHER_CTX_new());
  unsigned char* const text = sealed + kHeadSize;
  int written = 0;
  if (!make_nonce(key, about, content, arena, sealed + 1) ||
      !start_cipher(context.get(), key, sealed + 1, about, 1) ||
      EVP_CipherUpdate(context.get(), text, &written, cursor_bytes(content),
                       static_cast<int>(content.size())) != 1 ||
      EVP_CipherFinal_ex(context.get(), text + written, &written) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, text + content.size()) != 1)
    return {};
  const std::string encoded =
      base64url_encode({reinterpret_cast<const char*>(sealed), size});  // NOLINT: bytes as characters
  const char* const copy = arena.copy(encoded);
  return copy == nullptr ? std::string_view() : std::string_view(copy, encoded.size());
}

std::string_view open_cursor(const CursorKey& key, const Digest& about, std::string_view text, Arena& arena) {
  if (!key.usable() || text.size() > INT32_MAX) return {};
  auto* const sealed = static_cast<char*>(arena.allocate(base64_decoded_room(text.size())));
  size_t size = 0;
  if (sealed == nullptr || !base64url_decode(text, sealed, size) || size < kHeadSize + kTagSize ||
      static_cast<unsigned char>(sealed[0]) != kCursorVersion)
    return {};
  const size_t length = size - kHeadSize - kTagSize;
  auto* const content = static_cast<unsigned char*>(arena.allocate(length + 1));
  const CipherCtxPtr context(EVP_CIPHER_CTX_new());
  int written = 0;
  // Final compares the tag; the decrypted bytes are valid only after it.
  if (content == nullptr ||
      !start_cipher(context.get(), key, cursor_bytes({sealed + 1, kNonceSize}), about, 0) ||
      EVP_CipherUpdate(context.get(), content, &written, cursor_bytes({sealed + kHeadSize, length}),
                       static_cast<int>(length)) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, sealed + size - kTagSize) != 1 ||
      EVP_CipherFinal_ex(context.get(), content + written, &written) != 1)
    return {};
  return {reinterpret_cast<const char*>(content), length};  // NOLINT: bytes as characters
}

}  // namespace tablegate::core
