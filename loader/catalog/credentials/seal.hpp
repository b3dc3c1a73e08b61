// Secrets that must stay readable (HMAC secrets, symmetric JWKs) lie sealed in
// the catalog: AES-256-GCM under the key of the master key file, with a random
// nonce each. The row that a value belongs to is sealed in with it, so that a
// value moved to another row does not open. Owned by the loader; nginx never
// sees a sealed value.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tablegate::loader {

// The 32 bytes of a master key; wiped when it goes.
class SealingKey {
 public:
  static constexpr size_t kBytes = 32;

  explicit SealingKey(const std::array<unsigned char, kBytes>& bytes) : bytes_(bytes) {}
  ~SealingKey();
  SealingKey(const SealingKey&) = default;
  SealingKey& operator=(const SealingKey&) = default;

  // Hex SHA-256 of the key: what the catalog knows of it.
  std::string fingerprint() const;
  const unsigned char* data() const { return bytes_.data(); }

 private:
  std::array<unsigned char, kBytes> bytes_;
};

// Which row a sealed value belongs to: the kind ("hmac_key", "jwt_key") without ':', and the row's id.
struct SealedPlace {
  std::string_view kind;
  std::string id;
};

// A version byte, 12 bytes of nonce, the ciphertext, 16 bytes of tag. Throws SystemFailure when OpenSSL
// fails.
std::string seal(const SealingKey& key, const SealedPlace& place, std::string_view secret);

// Nullopt: sealed by another key, for another place, of an unknown version, or damaged.
std::optional<std::string> unseal(const SealingKey& key, const SealedPlace& place, std::string_view sealed);

// The same in base64, as the catalog's columns hold it.
std::string seal_text(const SealingKey& key, const SealedPlace& place, std::string_view secret);
std::optional<std::string> unseal_text(const SealingKey& key, const SealedPlace& place,
                                       std::string_view text);
// As unseal_text(), for values of the catalog that must open: throws Refused, naming the place.
std::string open_sealed(const SealingKey& key, const SealedPlace& place, std::string_view text);

}  // namespace tablegate::loader
