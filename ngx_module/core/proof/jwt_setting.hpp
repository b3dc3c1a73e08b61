// What a consumer's tokens must be: their place in a request, the keys that
// verify them, and the conditions on their claims (`consumer set-jwt`). Read
// from the manifest or from the catalog; in a manifest it never changes after
// JwtIndex::build().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/proof/jwk.hpp"
#include "core/result.hpp"

struct json_t;

namespace tablegate::core {

class ObjectReader;

// The place of a token in a request.
struct TokenSource {
  enum class In : uint8_t { header, query, cookie } in = In::header;
  std::string name = "Authorization";
  std::string prefix = "Bearer";  // header only; empty: the value is the token
};

// Header names and prefixes are compared case-insensitively, as in requests.
bool same_source(const TokenSource& a, const TokenSource& b);

struct ClaimCondition {
  std::string name;
  std::string value;
};

struct JwtSetting {
  uint32_t consumer = 0;  // index in Manifest::consumers
  TokenSource source;
  std::optional<std::string> issuer;
  std::optional<std::string> audience;
  std::optional<ClaimCondition> claim;
  int64_t leeway_s = 60;
  bool require_exp = false;
  std::vector<Jwk> keys;
};

constexpr int64_t kMaxLeeway = 3600;
// The most keys whose signatures are checked for one request.
constexpr size_t kMaxVerifications = 8;

// Reads {"source":{"in":"header","name":"Authorization","prefix":"Bearer"},"issuer":"...","audience":"...",
// "claim":{"name":"uid","value":"x"},"leeway":60,"require_exp":false,"keys":[JWK,...]}; only `keys` is
// required. Problems go to the reader, with their pointers.
JwtSetting read_jwt_setting(ObjectReader& in, uint32_t consumer);
// The same for a separate object, which must be read with JSON_REJECT_DUPLICATES.
Result<JwtSetting> read_jwt_setting(const json_t* setting, uint32_t consumer);

// Whether both could accept one token: same source, a common key (by its material) under one algorithm, and
// conditions that do not exclude each other. Different issuers exclude each other, and so do different values
// of one claim; different audiences do not, because a token may name several (RFC 7519 section 4.1.3).
bool could_both_accept(const JwtSetting& a, const JwtSetting& b);

struct JwtConflict {
  uint32_t first = 0;  // indexes in the list; may be the same
  uint32_t second = 0;
  bool crowd = false;  // false: could_both_accept() is true for them; true: too many keys

  // The error message, with the names of the two settings' consumers.
  std::string text(const std::string& first_name, const std::string& second_name) const;
};

// A conflict between settings: two that could_both_accept(), or more than kMaxVerifications keys that may
// have signed one token. About linear in the number of keys.
std::optional<JwtConflict> find_jwt_conflict(const std::vector<JwtSetting>& settings);

}  // namespace tablegate::core
