// Splits a token: compact JWS (RFC 7515 section 7.1) whose payload is a set of
// claims (RFC 7519 section 7.2). Strict as RFC 8725 requires; proves nothing.
// Everything points into the arena or the token.
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
// False: not two dots, an empty part, or more than kMaxToken bytes.
bool split_token(std::string_view token, TokenParts& out);

// Whether a bearer value is a token and not an API key: it has exactly two dots, and the first part is
// base64url of text that begins as a JSON object. If it is then not a valid token, it is rejected as a token.
bool looks_like_token(std::string_view value, Arena& arena);

struct JwtToken {
  std::string_view signing_input;
  std::string_view signature;  // decoded
  JwtAlgorithm algorithm = JwtAlgorithm::hs256;
  std::optional<std::string_view> kid;
  FlatObject claims;
  // Seconds since 1970, fractions rounded up (RFC 7519 section 2, NumericDate), limited to 2^53.
  std::optional<int64_t> expires;
  std::optional<int64_t> not_before;

  // `iss` if it is a string.
  std::optional<std::string_view> issuer() const;
  // Whether `aud` is this string or a list of strings with it.
  bool for_audience(std::string_view audience) const;
  // The text that a condition on a claim is compared with: a string's text, or the JSON text of a number or
  // boolean.
  std::optional<std::string_view> condition_value(std::string_view claim) const;
};

// Null: `out` is filled. Else the reason, one static word for the log; kNoMemory: the arena is exhausted.
extern const char* const kNoMemory;
const char* parse_token(const TokenParts& parts, Arena& arena, JwtToken& out);

}  // namespace tablegate::core
