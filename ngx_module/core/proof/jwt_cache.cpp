#include "core/proof/jwt_cache.hpp"

#include <algorithm>

namespace tablegate::core {

// A digest is distributed evenly already.
JwtCache::Entry* JwtCache::set_of(const Digest& token) {
  const size_t number = token[0] + size_t{token[1]} * 256;
  return &entries_[number % kSets * kWays];
}

const KeptProof* JwtCache::find(uint32_t source, const Digest& token) {
  if (entries_.empty()) return nullptr;
  Entry* const set = set_of(token);
  for (Entry* entry = set; entry != set + kWays; ++entry) {
    if (entry->used == 0 || entry->source != source || entry->token != token) continue;
    entry->used = ++clock_;
    return &entry->proof;
  }
  return nullptr;
}

void JwtCache::put(uint32_t source, const Digest& token, const KeptProof& proof) {
  if (entries_.empty()) entries_.resize(kSets * kWays);
  Entry* const set = set_of(token);
  Entry* const oldest =
      std::min_element(set, set + kWays, [](const Entry& a, const Entry& b) { return a.used < b.used; });
  *oldest = {token, source, ++clock_, proof};
}

}  // namespace tablegate::core
