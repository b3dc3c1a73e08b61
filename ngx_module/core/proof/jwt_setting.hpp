// What a consumer's tokens must be: where they stand in a request, which keys
// verify them, and the conditions on their claims (`consumer set-jwt`). Read from
// the manifest or from what the loader keeps; owned by whoever read it and, in a
// manifest, never changed after JwtIndex::build().
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

// Where a token stands in a request.
struct TokenSource {
  enum class In : uint8_t { header, query, cookie } in = In::header;
  std::string name = "Authorization";
  std::string prefix = "Bearer";  // header only; empty: the value is the token
};

// Header names and prefixes compare in any case, as they do in requests.
bool same_source(const TokenSource& a, const TokenSource& b);

struct ClaimCondition {
  std::string name;
  std::string value;
};

struct JwtSetting {
  uint32_t consumer = 0;  // place in Manifest::consumers
  TokenSource source;
  std::optional<std::string> issuer;
  std::optional<std::string> audience;
  std::optional<ClaimCondition> claim;
  int64_t leeway_s = 60;
  bool require_exp = false;
  std::vector<Jwk> keys;
};

constexpr int64_t kMaxLeeway = 3600;
// Keys whose signatures one request may make us check (authentication.md).
constexpr size_t kMaxVerifications = 8;

// Reads {"source":{"in":"header","name":"Authorization","prefix":"Bearer"},"issuer":"...","audience":"...",
// "claim":{"name":"uid","value":"x"},"leeway":60,"require_exp":false,"keys":[JWK,...]}, of which only `keys`
// must be there. Problems go to the reader, with their pointer.
JwtSetting read_jwt_setting(ObjectReader& in, uint32_t consumer);
// The same of an object by itself, which was read with JSON_REJECT_DUPLICATES.
Result<JwtSetting> read_jwt_setting(const json_t* setting, uint32_t consumer);

// Whether one token could be accepted for both: same source, a key of both (by its material) under one
// algorithm, and conditions that do not exclude each other. Different issuers do, and different values of one
// claim; different audiences do not, since a token may name several (RFC 7519 section 4.1.3).
bool could_both_accept(const JwtSetting& a, const JwtSetting& b);

struct JwtConflict {
  uint32_t first = 0;  // places in the list; may be the same
  uint32_t second = 0;
  bool crowd = false;  // false: they could_both_accept() a token; true: too many keys

  // The refusal, with the names of the two settings' consumers.
  std::string text(const std::string& first_name, const std::string& second_name) const;
};

// What makes the settings unfit for each other: two that could_both_accept(), or more than kMaxVerifications
// keys that could have signed one token. About linear in the number of keys.
std::optional<JwtConflict> find_jwt_conflict(const std::vector<JwtSetting>& settings);

}  // namespace tablegate::core
