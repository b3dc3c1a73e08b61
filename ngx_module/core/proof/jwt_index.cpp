#include "core/proof/jwt_index.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/proof/jwt_token.hpp"

namespace tablegate::core {

uint32_t JwtIndex::source_number(const TokenSource& source) {
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (same_source(sources_[i], source)) return static_cast<uint32_t>(i);
  }
  sources_.push_back(source);
  return static_cast<uint32_t>(sources_.size() - 1);
}

std::unique_ptr<const JwtIndex> JwtIndex::build(std::vector<JwtSetting>& settings) {
  std::unique_ptr<JwtIndex> index(new JwtIndex());
  std::map<decltype(Jwk::fingerprint), uint32_t> numbers;
  for (JwtSetting& setting : settings) {
    const uint32_t source = index->source_number(setting.source);
    for (Jwk& key : setting.keys) {
      const auto [found, fresh] =
          numbers.emplace(key.fingerprint, static_cast<uint32_t>(index->keys_.size()));
      if (fresh) index->keys_.push_back(&key);
      Entry entry{source, {}, key.kid, setting.issuer, found->second, std::nullopt, {}, &setting, &key};
      if (setting.claim) {
        entry.claim = setting.claim->name;
        entry.value = setting.claim->value;
      }
      for (size_t i = 0; i < kJwtAlgorithms; ++i) {
        entry.algorithm = static_cast<JwtAlgorithm>(i);
        if (key.allows(entry.algorithm)) index->entries_.push_back(entry);
      }
      if (!fresh) {  // one copy verifies for all
        key.key.reset();
        key.secret = Secret();
        key.modulus = {};
      }
    }
  }
  std::sort(index->entries_.begin(), index->entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.source, a.algorithm, a.kid, a.issuer, a.key, a.claim, a.value) <
           std::tie(b.source, b.algorithm, b.kid, b.issuer, b.key, b.claim, b.value);
  });
  index->set_costs();
  return index;
}

// The most keys that any kid and issuer has at a source under an algorithm.
void JwtIndex::set_costs() {
  std::array<uint8_t, kJwtAlgorithms> one{};
  one.fill(1);
  costs_.assign(sources_.size(), one);
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (i > 0 && std::tie(entry.source, entry.algorithm, entry.kid, entry.issuer) ==
                     std::tie(entries_[i - 1].source, entries_[i - 1].algorithm, entries_[i - 1].kid,
                              entries_[i - 1].issuer)) {
      continue;
    }
    const Candidates found = candidates(entry.source, entry.algorithm, entry.kid, entry.issuer);
    uint8_t& cost = costs_[entry.source][static_cast<size_t>(entry.algorithm)];
    cost = std::max(cost, static_cast<uint8_t>(found.count));
  }
}

JwtIndex::Range JwtIndex::with_issuer(uint32_t source, JwtAlgorithm algorithm,
                                      std::optional<std::string_view> kid,
                                      std::optional<std::string_view> issuer) const {
  auto place = [](const Entry& entry) {
    return std::tie(entry.source, entry.algorithm, entry.kid, entry.issuer);
  };
  const auto wanted = std::tie(source, algorithm, kid, issuer);
  const Entry* const begin = entries_.data();
  const Entry* const end = begin + entries_.size();
  const Entry* const first = std::lower_bound(
      begin, end, wanted, [&place](const Entry& entry, const auto& value) { return place(entry) < value; });
  const Entry* const last = std::upper_bound(
      first, end, wanted, [&place](const auto& value, const Entry& entry) { return value < place(entry); });
  return {first, last};
}

JwtIndex::Candidates JwtIndex::candidates(uint32_t source, JwtAlgorithm algorithm,
                                          std::optional<std::string_view> kid,
                                          std::optional<std::string_view> issuer) const {
  Candidates out;
  if (source < costs_.size()) out.cost = costs_[source][static_cast<size_t>(algorithm)];
  auto add = [&out](Range range) {
    while (range.first != range.second && out.count < out.keys.size()) {
      const uint32_t key = range.first->key;
      const auto end = out.keys.begin() + static_cast<std::ptrdiff_t>(out.count);
      if (std::find(out.keys.begin(), end, key) == end) out.keys[out.count++] = key;
      range.first = std::upper_bound(range.first, range.second, key,
                                     [](uint32_t value, const Entry& entry) { return value < entry.key; });
    }
  };
  add(with_issuer(source, algorithm, kid, std::nullopt));
  if (issuer) add(with_issuer(source, algorithm, kid, issuer));
  return out;
}

std::string_view JwtIndex::why_none(uint32_t source, JwtAlgorithm algorithm,
                                    std::optional<std::string_view> kid) const {
  bool known = false;
  for (const Entry& entry : entries_) {
    if (entry.source != source || entry.kid != kid) continue;
    if (entry.algorithm == algorithm) return "issuer_mismatch";
    known = true;
  }
  if (known) return "alg_mismatch";
  return kid ? "kid_unknown" : "kid_missing";
}

bool JwtIndex::accepts(const Entry& entry, const JwtToken& token) {
  return !entry.setting->audience || token.for_audience(*entry.setting->audience);
}

// `entries` have one key and issuer, sorted by claim and value.
const JwtIndex::Entry* JwtIndex::find_claim(Range entries, const JwtToken& token, std::string_view& reason) {
  while (entries.first != entries.second) {
    const std::optional<std::string_view> claim = entries.first->claim;
    const Entry* const end =
        std::upper_bound(entries.first, entries.second, claim,
                         [](const auto& value, const Entry& entry) { return value < entry.claim; });
    Range range{entries.first, end};
    entries.first = end;
    if (claim) {
      const std::optional<std::string_view> value = token.condition_value(*claim);
      if (!value) continue;
      range.first =
          std::lower_bound(range.first, end, *value,
                           [](const Entry& entry, std::string_view wanted) { return entry.value < wanted; });
      range.second =
          std::upper_bound(range.first, end, *value,
                           [](std::string_view wanted, const Entry& entry) { return wanted < entry.value; });
    }
    for (; range.first != range.second; ++range.first) {
      if (accepts(*range.first, token)) return range.first;
      reason = "audience_mismatch";
    }
  }
  return nullptr;
}

JwtIndex::Match JwtIndex::match(uint32_t source, const JwtToken& token, uint32_t key) const {
  Match out;
  out.reason = "claim_mismatch";
  auto find = [&](std::optional<std::string_view> issuer) {
    Range range = with_issuer(source, token.algorithm, token.kid, issuer);
    range.first = std::lower_bound(range.first, range.second, key,
                                   [](const Entry& entry, uint32_t value) { return entry.key < value; });
    range.second = std::upper_bound(range.first, range.second, key,
                                    [](uint32_t value, const Entry& entry) { return value < entry.key; });
    const Entry* const entry = find_claim(range, token, out.reason);
    if (entry == nullptr) return;
    out.setting = entry->setting;
    out.key = entry->own;
  };
  find(std::nullopt);
  if (out.setting == nullptr && token.issuer()) find(token.issuer());
  return out;
}

}  // namespace tablegate::core
