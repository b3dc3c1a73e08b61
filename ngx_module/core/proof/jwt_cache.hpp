// Tokens with right signatures, by SHA-256 of the whole token, so that the next
// request with one needs no verification. Bounded: the least recently used
// entry of a set is replaced. The caller still checks the time. One per
// verifier.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/manifest/manifest.hpp"

namespace tablegate::core {

// The contents of a proved token that are checked when it is used again.
struct KeptProof {
  const JwtSetting* setting = nullptr;
  const Jwk* key = nullptr;  // the setting's own
  int64_t expires = 0;
  int64_t not_before = 0;
  bool has_expires = false;
  bool has_not_before = false;
};

class JwtCache {
 public:
  static constexpr size_t kSets = 2048;
  static constexpr size_t kWays = 4;

  // Null: not in the cache. Valid until the next put().
  const KeptProof* find(uint32_t source, const Digest& token);
  void put(uint32_t source, const Digest& token, const KeptProof& proof);

 private:
  struct Entry {
    Digest token{};
    uint32_t source = 0;
    uint64_t used = 0;  // 0: free
    KeptProof proof;
  };
  static_assert(kSets * kWays * sizeof(Entry) <= 768 * 1024, "the memory of a worker is bounded");

  Entry* set_of(const Digest& token);

  std::vector<Entry> entries_;  // kSets of kWays, made with the first put()
  uint64_t clock_ = 0;
};

}  // namespace tablegate::core
