// Cursors: the values of the last row of a page, as the caller gets them and sends
// them back for the next one. Encrypted and authenticated with AES-256-GCM (NIST
// SP 800-38D), so that a caller can neither read nor change them, and bound to a
// digest of what was asked for: a cursor of another call does not open.
//   base64url(version, nonce of 12 bytes, ciphertext, tag of 16 bytes)
// The nonce is an HMAC of what is encrypted, so the same page of the same call
// always has the same cursor, and two different ones share a nonce only by accident.
#pragma once

#include <string_view>

#include "core/arena.hpp"
#include "core/digest.hpp"

namespace tablegate::core {

// The key of a gateway's cursors; wiped when destroyed.
class CursorKey {
 public:
  CursorKey() = default;
  // `secret`: 32 random bytes.
  explicit CursorKey(const Digest& secret);
  ~CursorKey();
  CursorKey(const CursorKey&) = default;
  CursorKey& operator=(const CursorKey&) = default;

  // False: there is no key, so there are no cursors.
  bool usable() const { return usable_; }
  const unsigned char* cipher_key() const { return cipher_.data(); }
  const Digest& nonce_key() const { return nonce_; }

 private:
  bool usable_ = false;
  Digest cipher_{};
  Digest nonce_{};
};

// The cursor, NUL-terminated in the arena; null data(): no memory, or OpenSSL failed. `about`: digest of the
// API, its version and the conditions of the call.
std::string_view seal_cursor(const CursorKey& key, const Digest& about, std::string_view content,
                             Arena& arena);

// Its content, in the arena; null data(): it is no cursor of this key for this call.
std::string_view open_cursor(const CursorKey& key, const Digest& about, std::string_view text, Arena& arena);

}  // namespace tablegate::core
