// Secrets that must stay readable (HMAC secrets, symmetric JWKs) are stored
// sealed in the catalog: AES-256-GCM under the key of the master key file, each
// with a random nonce. The identity of the row is authenticated too, so that a
// value moved to another row cannot be opened. Used by the loader; nginx never
// sees a sealed value.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tablegate::loader {

// The 32 bytes of a master key; wiped when destroyed.
class SealingKey {
 public:
  static constexpr size_t kBytes = 32;

  explicit SealingKey(const std::array<unsigned char, kBytes>& bytes) : bytes_(bytes) {}
  ~SealingKey();
  SealingKey(const SealingKey&) = default;
  SealingKey& operator=(const SealingKey&) = default;

  // Hex SHA-256 of the key, which the catalog stores.
  std::string fingerprint() const;
  const unsigned char* data() const { return bytes_.data(); }

 private:
  std::array<unsigned char, kBytes> bytes_;
};

// The row that a sealed value belongs to: its kind ("hmac_key", "jwt_key") without ':', and its id.
struct SealedPlace {
  std::string_view kind;
  std::string id;
};

// A version byte, 12 bytes of nonce, the ciphertext, 16 bytes of tag. Throws SystemFailure when OpenSSL
// fails.
std::string seal(const SealingKey& key, const SealedPlace& place, std::string_view secret);

// Nullopt: sealed by another key, for another place, of an unknown version, or damaged.
std::optional<std::string> unseal(const SealingKey& key, const SealedPlace& place, std::string_view sealed);

// The same in base64, as the catalog stores it.
std::string seal_text(const SealingKey& key, const SealedPlace& place, std::string_view secret);
std::optional<std::string> unseal_text(const SealingKey& key, const SealedPlace& place,
                                       std::string_view text);
// As unseal_text(), for values of the catalog, which must open: throws Refused, naming the place.
std::string open_sealed(const SealingKey& key, const SealedPlace& place, std::string_view text);

}  // namespace tablegate::loader
