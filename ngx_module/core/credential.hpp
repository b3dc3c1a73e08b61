// API keys: where a request carries one, and whether it opens an API
// (authentication.md, "API key"). Keys are looked up by SHA-256 digest; the key
// itself is never kept, compared or logged.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/arena.hpp"
#include "core/manifest.hpp"
#include "core/parameters.hpp"
#include "core/problem.hpp"

namespace tablegate::core {

// SHA-256 with the algorithm fetched once (OpenSSL 3 looks it up anew otherwise). One a worker; not shared by
// threads.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  // False when OpenSSL failed: refuse.
  bool digest(std::string_view bytes, Digest& out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Hex in lower case of a digest, and back.
std::string to_hex(const Digest& digest);
bool from_hex(std::string_view hex, Digest& out);

struct Identity {
  const Consumer* consumer = nullptr;  // null: the API is open
  const ApiKey* api_key = nullptr;
};

// Proves the caller and authorises it for the API. Slug::none: `identity` is proved (or the API is open).
// `now` in seconds since 1970.
Problem authenticate(const Manifest& manifest, const Api& api, const RequestData& request, int64_t now,
                     Sha256& sha256, Arena& arena, Identity& identity);

// The value of WWW-Authenticate for a 401 of this API (RFC 6750 section 3: no `error` when no credential was
// sent).
std::string www_authenticate(const Api& api, Slug slug);

}  // namespace tablegate::core
