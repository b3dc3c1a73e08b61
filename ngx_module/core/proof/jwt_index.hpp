// Finds the keys that may verify a token, and the setting that it is proof for,
// without looking at every consumer: sorted lists over (source, algorithm, kid,
// issuer, key, claim). Built once with the manifest, immutable; its views point
// into the settings, which live as long and do not move.
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
  // Settings without a find_jwt_conflict(). Of a key that several settings have, one copy is kept.
  static std::unique_ptr<const JwtIndex> build(std::vector<JwtSetting>& settings);

  // The places where tokens may stand, each once; a request's token is named by its place in this list.
  const std::vector<TokenSource>& sources() const { return sources_; }

  struct Candidates {
    std::array<uint32_t, kMaxVerifications> keys{};  // for key()
    size_t count = 0;
    // Verifications that a refused token of this source and algorithm costs, whatever its kid and issuer.
    size_t cost = 1;
  };
  // The keys that a token may have been signed with. `kid` and `issuer` are the token's, not proved yet.
  Candidates candidates(uint32_t source, JwtAlgorithm algorithm, std::optional<std::string_view> kid,
                        std::optional<std::string_view> issuer) const;
  // Why there are no candidates, in a word for the log.
  std::string_view why_none(uint32_t source, JwtAlgorithm algorithm,
                            std::optional<std::string_view> kid) const;

  const Jwk& key(uint32_t number) const { return *keys_[number]; }

  struct Match {
    const JwtSetting* setting = nullptr;  // null: no consumer's conditions hold
    const Jwk* key = nullptr;             // the setting's own, with its kid
    std::string_view reason;              // the condition that failed
  };
  // The setting whose conditions hold for a token that key number `key` verified.
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
  std::vector<Entry> entries_;                              // sorted by all members but the last two
  std::vector<std::array<uint8_t, kJwtAlgorithms>> costs_;  // by source
};

}  // namespace tablegate::core
