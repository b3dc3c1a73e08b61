// Finds consumers' settings that conflict (jwt_setting.hpp): a token must never
// identify two consumers, and never need more verifications than allowed.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "core/proof/jwt_setting.hpp"

namespace tablegate::core {

namespace {

using Fingerprint = decltype(Jwk::fingerprint);

bool shared_key(const JwtSetting& a, const JwtSetting& b) {
  for (const Jwk& one : a.keys) {
    for (const Jwk& other : b.keys) {
      if (one.fingerprint != other.fingerprint) continue;
      for (size_t i = 0; i < kJwtAlgorithms; ++i) {
        const auto algorithm = static_cast<JwtAlgorithm>(i);
        if (one.allows(algorithm) && other.allows(algorithm)) return true;
      }
    }
  }
  return false;
}

// One key of one setting under one algorithm.
struct Row {
  uint32_t source;
  JwtAlgorithm algorithm;
  const Jwk* key;
  uint32_t setting;
};

std::vector<Row> make_rows(const std::vector<JwtSetting>& settings) {
  std::vector<const TokenSource*> sources;
  std::vector<Row> rows;
  for (uint32_t i = 0; i < settings.size(); ++i) {
    const TokenSource& source = settings[i].source;
    const auto found = std::find_if(sources.begin(), sources.end(), [&source](const TokenSource* other) {
      return same_source(source, *other);
    });
    const auto place = static_cast<uint32_t>(found - sources.begin());
    if (found == sources.end()) sources.push_back(&source);
    for (const Jwk& key : settings[i].keys) {
      for (size_t a = 0; a < kJwtAlgorithms; ++a) {
        const auto algorithm = static_cast<JwtAlgorithm>(a);
        if (key.allows(algorithm)) rows.push_back({place, algorithm, &key, i});
      }
    }
  }
  return rows;
}

// Settings with one key that their issuers do not separate: the value of one claim must.
class Rivals {
 public:
  // A setting that is not separate from `setting`.
  std::optional<uint32_t> rival(const JwtSetting& setting) const {
    if (first_ == nullptr) return std::nullopt;
    if (!setting.claim || !first_->claim || setting.claim->name != first_->claim->name) return place_;
    const auto found = values_.find(setting.claim->value);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }
  void add(const JwtSetting& setting, uint32_t place) {
    if (first_ == nullptr) {
      first_ = &setting;
      place_ = place;
    }
    if (setting.claim) values_.emplace(setting.claim->value, place);
  }

 private:
  const JwtSetting* first_ = nullptr;
  uint32_t place_ = 0;
  std::unordered_map<std::string_view, uint32_t> values_;
};

// `group`: the settings that have one key for one algorithm at one source, each once.
std::optional<JwtConflict> conflict_of_key(const std::vector<JwtSetting>& settings,
                                           const std::vector<uint32_t>& group) {
  Rivals any_issuer;
  std::unordered_map<std::string_view, Rivals> issuers;
  for (const bool with_issuer : {false, true}) {
    for (const uint32_t place : group) {
      const JwtSetting& setting = settings[place];
      if (setting.issuer.has_value() != with_issuer) continue;
      Rivals& own = with_issuer ? issuers[*setting.issuer] : any_issuer;
      std::optional<uint32_t> rival = own.rival(setting);
      if (!rival && with_issuer) rival = any_issuer.rival(setting);
      if (rival) {
        return JwtConflict{std::min(*rival, place), std::max(*rival, place), false};
      }
      own.add(setting, place);
    }
  }
  return std::nullopt;
}

std::optional<JwtConflict> find_overlap(const std::vector<JwtSetting>& settings, std::vector<Row>& rows) {
  auto order = [](const Row& row) { return std::tie(row.source, row.algorithm, row.key->fingerprint); };
  std::sort(rows.begin(), rows.end(), [&order](const Row& a, const Row& b) {
    return std::tuple_cat(order(a), std::tie(a.setting)) < std::tuple_cat(order(b), std::tie(b.setting));
  });
  for (size_t begin = 0; begin < rows.size();) {
    std::vector<uint32_t> group;
    size_t end = begin;
    for (; end < rows.size() && order(rows[end]) == order(rows[begin]); ++end) {
      if (group.empty() || group.back() != rows[end].setting) group.push_back(rows[end].setting);
    }
    if (group.size() > 1) {
      if (std::optional<JwtConflict> conflict = conflict_of_key(settings, group)) return conflict;
    }
    begin = end;
  }
  return std::nullopt;
}

// The keys that may have signed a token with one source, algorithm and kid.
struct Candidates {
  std::map<Fingerprint, uint32_t> any_issuer;  // to a setting that has the key
  std::map<std::string_view, std::map<Fingerprint, uint32_t>> issuers;
};

std::optional<JwtConflict> find_crowd(const std::vector<JwtSetting>& settings, const std::vector<Row>& rows) {
  std::map<std::tuple<uint32_t, JwtAlgorithm, std::optional<std::string_view>>, Candidates> cells;
  for (const Row& row : rows) {
    Candidates& cell = cells[{row.source, row.algorithm, row.key->kid}];
    const JwtSetting& setting = settings[row.setting];
    (setting.issuer ? cell.issuers[*setting.issuer] : cell.any_issuer)
        .emplace(row.key->fingerprint, row.setting);
  }
  for (auto& [name, cell] : cells) {
    cell.issuers.try_emplace({});
    for (const auto& [issuer, keys] : cell.issuers) {
      std::map<Fingerprint, uint32_t> all = cell.any_issuer;
      all.insert(keys.begin(), keys.end());
      if (all.size() <= kMaxVerifications) continue;
      return JwtConflict{all.begin()->second, all.rbegin()->second, true};
    }
  }
  return std::nullopt;
}

}  // namespace

std::string JwtConflict::text(const std::string& first_name, const std::string& second_name) const {
  const bool one = first == second;
  const std::string who = one ? "consumer \"" + first_name + "\""
                              : "consumers \"" + first_name + "\" and \"" + second_name + "\"";
  if (!crowd) {
    return who +
           " could accept the same token: they share a key at one source; give each another issuer or "
           "another value "
           "of one claim";
  }
  return who + (one ? " has" : " are among those that have") + " more than " +
         std::to_string(kMaxVerifications) +
         " keys that one token may have been signed with: tell them apart by kid or issuer";
}

bool could_both_accept(const JwtSetting& a, const JwtSetting& b) {
  if (!same_source(a.source, b.source)) return false;
  if (a.issuer && b.issuer && *a.issuer != *b.issuer) return false;
  if (a.claim && b.claim && a.claim->name == b.claim->name && a.claim->value != b.claim->value) return false;
  return shared_key(a, b);
}

std::optional<JwtConflict> find_jwt_conflict(const std::vector<JwtSetting>& settings) {
  std::vector<Row> rows = make_rows(settings);
  if (std::optional<JwtConflict> conflict = find_overlap(settings, rows)) return conflict;
  return find_crowd(settings, rows);
}

}  // namespace tablegate::core
