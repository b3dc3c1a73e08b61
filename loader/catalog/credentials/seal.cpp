#include "catalog/credentials/seal.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>
#include <utility>

#include "base/refusal.hpp"
#include "catalog/life/drafts.hpp"
#include "core/text/base64.hpp"

namespace tablegate::loader {
namespace {

constexpr char kVersion = '\x01';
constexpr size_t kNonceBytes = 12;  // NIST SP 800-38D section 8.2.2: random, 96 bits
constexpr size_t kTagBytes = 16;
constexpr size_t kHeadBytes = 1 + kNonceBytes;
constexpr size_t kMaxSecret = size_t{1} << 20;

using Context = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());  // NOLINT: characters as bytes
}
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());  // NOLINT: characters as bytes
}

// Version and place: authenticated with the value, but not stored in it.
std::string bound_text(const SealedPlace& place) {
  return fmt::format("tablegate sealed {}:{}:{}", static_cast<int>(kVersion), place.kind, place.id);
}

// Feeds the additional data; false when OpenSSL failed.
bool start(EVP_CIPHER_CTX* context, const SealingKey& key, const unsigned char* nonce,
           const SealedPlace& place, int encrypt) {
  const std::string bound = bound_text(place);
  int length = 0;
  return context != nullptr &&
         EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nullptr, key.data(), nonce, encrypt) == 1 &&
         EVP_CipherUpdate(context, nullptr, &length, bytes_of(std::string_view(bound)),
                          static_cast<int>(bound.size())) == 1;
}

}  // namespace

SealingKey::~SealingKey() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

std::string SealingKey::fingerprint() const {
  return sha256_hex({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});  // NOLINT: bytes as text
}

std::string seal(const SealingKey& key, const SealedPlace& place, std::string_view secret) {
  if (secret.size() > kMaxSecret) throw Refused("a secret must not be longer than 1 MiB");
  std::string sealed(kHeadBytes + secret.size() + kTagBytes, '\0');
  sealed[0] = kVersion;
  unsigned char* const nonce = bytes_of(sealed) + 1;
  unsigned char* const text = nonce + kNonceBytes;
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  const bool done =
      RAND_bytes(nonce, kNonceBytes) == 1 && start(context.get(), key, nonce, place, 1) &&
      EVP_CipherUpdate(context.get(), text, &length, bytes_of(secret), static_cast<int>(secret.size())) ==
          1 &&
      EVP_CipherFinal_ex(context.get(), text + length, &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, text + secret.size()) == 1;
  if (!done) throw SystemFailure("OpenSSL could not seal a secret (AES-256-GCM)");
  return sealed;
}

std::optional<std::string> unseal(const SealingKey& key, const SealedPlace& place, std::string_view sealed) {
  if (sealed.size() < kHeadBytes + kTagBytes || sealed.size() > kHeadBytes + kMaxSecret + kTagBytes ||
      sealed[0] != kVersion)
    return std::nullopt;
  const std::string_view text = sealed.substr(kHeadBytes, sealed.size() - kHeadBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string secret(text.size(), '\0');
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  // Final compares the tag; the decrypted bytes are valid only after it.
  const bool done = start(context.get(), key, bytes_of(sealed.substr(1)), place, 0) &&
                    EVP_CipherUpdate(context.get(), bytes_of(secret), &length, bytes_of(text),
                                     static_cast<int>(text.size())) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
                    EVP_CipherFinal_ex(context.get(), bytes_of(secret) + length, &length) == 1;
  if (done) return secret;
  OPENSSL_cleanse(secret.data(), secret.size());
  return std::nullopt;
}

std::string seal_text(const SealingKey& key, const SealedPlace& place, std::string_view secret) {
  return core::base64_encode(seal(key, place, secret));
}

std::optional<std::string> unseal_text(const SealingKey& key, const SealedPlace& place,
                                       std::string_view text) {
  const std::optional<std::string> sealed = core::base64_decode(text);
  return sealed ? unseal(key, place, *sealed) : std::nullopt;
}

std::string open_sealed(const SealingKey& key, const SealedPlace& place, std::string_view text) {
  std::optional<std::string> secret = unseal_text(key, place, text);
  if (!secret) {
    throw Refused(
        fmt::format("the sealed value of {} {} cannot be opened with the master key: it was changed or "
                    "is in the wrong row; replace the credential",
                    place.kind, place.id),
        Hint::command({"consumer", "list"}));
  }
  return std::move(*secret);
}

}  // namespace tablegate::loader
