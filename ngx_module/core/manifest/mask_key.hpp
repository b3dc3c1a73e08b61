// The key of hash masks. PostgreSQL computes HMAC-SHA-256 (RFC 2104) of a value as
// sha256(outer || sha256(inner || value)), where both pads are bound values. They are
// the key XORed with a constant, so they are as secret as the key. They come from
// the credentials, are the same for all APIs, and are made once.
#pragma once

#include "core/digest.hpp"
#include "core/secret.hpp"

namespace tablegate::core {

struct Manifest;

// The pads as PostgreSQL's text of a bytea (manual, 8.4.1).
struct MaskKey {
  Secret inner, outer;

  // False: there is no key, so an API with a hash mask cannot be served.
  bool usable() const { return !inner.empty(); }
};

// `secret`: 32 random bytes. The key becomes the manifest's, and all its APIs bind it.
void set_mask_key(Manifest& manifest, const Digest& secret);

}  // namespace tablegate::core
