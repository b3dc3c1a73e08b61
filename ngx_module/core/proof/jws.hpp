// Signatures of JSON Web Signatures (RFC 7518 section 3, RFC 8037) by OpenSSL's
// EVP, with contexts prepared once per key and then copied. One per worker; not
// shared by threads. The caller keeps the keys as long as this object.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/proof/jwk.hpp"

namespace tablegate::core {

class JwsVerifier {
 public:
  JwsVerifier();
  ~JwsVerifier();
  JwsVerifier(const JwsVerifier&) = delete;
  JwsVerifier& operator=(const JwsVerifier&) = delete;

  // Whether `signature` can be one of the algorithm with any key: the size; for ECDSA exactly r and s (RFC
  // 7518 section 3.4), both in [1, n-1].
  static bool well_formed(JwtAlgorithm algorithm, std::string_view signature);

  // Whether `signature`, which is well_formed(), is the key's over `input`. The key allows() the algorithm,
  // and `number` identifies it among all keys that this verifier ever gets. Each call takes the time of one
  // verification, even if the signature cannot fit the key.
  bool verify(uint32_t number, const Jwk& key, JwtAlgorithm algorithm, std::string_view input,
              std::string_view signature);
  // Takes the time of verify() and verifies nothing: for tokens without a key.
  void pretend(JwtAlgorithm algorithm, std::string_view input, std::string_view signature);

  // Calls of verify() and pretend() so far.
  uint64_t count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tablegate::core
