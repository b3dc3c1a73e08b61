// A token taken apart: compact JWS (RFC 7515 section 7.1) whose payload is a set
// of claims (RFC 7519 section 7.2). Strict as RFC 8725 asks, and nothing of it is
// proved. Everything points into the arena or the token.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/arena.hpp"
#include "core/proof/jwk.hpp"
#include "core/text/flat_json.hpp"

namespace tablegate::core {

constexpr size_t kMaxToken = 16 * 1024;

// The three parts of a compact token, still encoded.
struct TokenParts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signing_input;  // header, dot, payload
};
// False: other than two dots, an empty part, or more than kMaxToken bytes.
bool split_token(std::string_view token, TokenParts& out);

// Whether a bearer value is to be taken for a token rather than an API key: exactly two dots, and the first
// part is base64url of what begins as a JSON object (interface section 2, `authentication`). One that then
// turns out to be no token is refused as one.
bool looks_like_token(std::string_view value, Arena& arena);

struct JwtToken {
  std::string_view signing_input;
  std::string_view signature;  // decoded
  JwtAlgorithm algorithm = JwtAlgorithm::hs256;
  std::optional<std::string_view> kid;
  FlatObject claims;
  // Seconds since 1970, fractions rounded up (RFC 7519 section 2, NumericDate), beyond 2^53 cut off.
  std::optional<int64_t> expires;
  std::optional<int64_t> not_before;

  // `iss` when it is a string.
  std::optional<std::string_view> issuer() const;
  // Whether `aud` is this string or a list of strings with it.
  bool for_audience(std::string_view audience) const;
  // What a condition on a claim compares with: a string's text, a number's or truth value's JSON text.
  std::optional<std::string_view> condition_value(std::string_view claim) const;
};

// Null: `out` is filled. Else why not, one word for the log. A static text; kNoMemory: the arena had none.
extern const char* const kNoMemory;
const char* parse_token(const TokenParts& parts, Arena& arena, JwtToken& out);

}  // namespace tablegate::core
