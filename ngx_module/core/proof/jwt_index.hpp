// Finds the keys that may verify a token, and the setting that it satisfies,
// without going through all consumers: sorted lists over (source, algorithm,
// kid, issuer, key, claim). Built once with the manifest, immutable; its views
// point into the settings, which live as long and do not move.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/proof/jwt_setting.hpp"

namespace tablegate::core {

struct JwtToken;

class JwtIndex {
 public:
  // `settings` must have no find_jwt_conflict(). A key that several settings have is kept once.
  static std::unique_ptr<const JwtIndex> build(std::vector<JwtSetting>& settings);

  // The places where tokens may be, each once; a token's place is given as an index in this list.
  const std::vector<TokenSource>& sources() const { return sources_; }

  struct Candidates {
    std::array<uint32_t, kMaxVerifications> keys{};  // for key()
    size_t count = 0;
    // The number of verifications that a rejected token of this source and algorithm costs, with any kid and
    // issuer.
    size_t cost = 1;
  };
  // The keys that may have signed a token. `kid` and `issuer` are the token's, not proved yet.
  Candidates candidates(uint32_t source, JwtAlgorithm algorithm, std::optional<std::string_view> kid,
                        std::optional<std::string_view> issuer) const;
  // Why there are no candidates, in one word for the log.
  std::string_view why_none(uint32_t source, JwtAlgorithm algorithm,
                            std::optional<std::string_view> kid) const;

  const Jwk& key(uint32_t number) const { return *keys_[number]; }

  struct Match {
    const JwtSetting* setting = nullptr;  // null: no consumer's conditions are satisfied
    const Jwk* key = nullptr;             // the setting's own, with its kid
    std::string_view reason;              // the condition that failed
  };
  // The setting whose conditions are satisfied by a token that key number `key` verified.
  Match match(uint32_t source, const JwtToken& token, uint32_t key) const;

 private:
  // One key of one setting under one algorithm.
  struct Entry {
    uint32_t source;
    JwtAlgorithm algorithm;
    std::optional<std::string_view> kid;
    std::optional<std::string_view> issuer;
    uint32_t key;
    std::optional<std::string_view> claim;
    std::string_view value;
    const JwtSetting* setting;
    const Jwk* own;
  };
  using Range = std::pair<const Entry*, const Entry*>;

  JwtIndex() = default;
  uint32_t source_number(const TokenSource& source);
  void set_costs();
  Range with_issuer(uint32_t source, JwtAlgorithm algorithm, std::optional<std::string_view> kid,
                    std::optional<std::string_view> issuer) const;
  static bool accepts(const Entry& entry, const JwtToken& token);
  static const Entry* find_claim(Range entries, const JwtToken& token, std::string_view& reason);

  std::vector<TokenSource> sources_;
  std::vector<const Jwk*> keys_;
  std::vector<Entry> entries_;                              // sorted by all members except the last two
  std::vector<std::array<uint8_t, kJwtAlgorithms>> costs_;  // by source
};

}  // namespace tablegate::core
