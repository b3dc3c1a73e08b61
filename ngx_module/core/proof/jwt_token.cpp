#include "core/proof/jwt_token.hpp"

#include <charconv>
#include <cmath>
#include <cstring>

#include "core/text/base64.hpp"

namespace tablegate::core {

const char* const kNoMemory = "no_memory";

namespace {

using Kind = FlatMember::Kind;

// The decoded part, NUL-terminated; null data(): not canonical, or memory is exhausted.
struct Decoded {
  char* text = nullptr;
  size_t size = 0;
  const char* reason = nullptr;
};

Decoded decode(std::string_view part, Arena& arena) {
  Decoded out;
  out.text = static_cast<char*>(arena.allocate(base64_decoded_room(part.size()) + 1));
  if (out.text == nullptr) {
    out.reason = kNoMemory;
  } else if (!base64url_decode(part, out.text, out.size)) {
    out.reason = "encoding";
  } else {
    out.text[out.size] = '\0';
  }
  return out;
}

const char* read_object(std::string_view part, Arena& arena, FlatObject& out) {
  const Decoded decoded = decode(part, arena);
  if (decoded.reason != nullptr) return decoded.reason;
  switch (read_flat_object(decoded.text, decoded.size, arena, out)) {
    case FlatResult::read:
      return nullptr;
    case FlatResult::duplicate:
      return "duplicate_member";
    case FlatResult::too_deep:
      return "too_deep";
    case FlatResult::no_memory:
      return kNoMemory;
    case FlatResult::number_too_large:
    case FlatResult::no_object:
    case FlatResult::refused:
      break;
  }
  return "json";
}

// RFC 7515 section 4.1. Keys in the header (jwk, jku, x5u, x5c) are ignored.
const char* read_header(const FlatObject& header, JwtToken& out) {
  const FlatMember* algorithm = header.find("alg");
  if (algorithm == nullptr || algorithm->kind != Kind::text) return "alg_missing";
  const std::optional<JwtAlgorithm> known = parse_jwt_algorithm(algorithm->text);
  if (!known) return "alg_unknown";
  out.algorithm = *known;
  // Section 4.1.11: an extension that is not understood must be rejected, and we understand none.
  if (header.find("crit") != nullptr) return "crit";
  const FlatMember* b64 = header.find("b64");  // RFC 7797 section 3
  if (b64 != nullptr && (b64->kind != Kind::truth || b64->text != "true")) return "b64";
  const FlatMember* kid = header.find("kid");
  if (kid != nullptr) {
    if (kid->kind != Kind::text) return "kid_type";
    out.kid = kid->text;
  }
  return nullptr;
}

// The positions of the two dots; false: there are fewer, or more.
bool two_dots(std::string_view text, size_t& first, size_t& second) {
  first = text.find('.');
  if (first == std::string_view::npos) return false;
  second = text.find('.', first + 1);
  return second != std::string_view::npos && text.find('.', second + 1) == std::string_view::npos;
}

// False: the claim exists but is not a number.
bool read_date(const FlatObject& claims, std::string_view name, std::optional<int64_t>& out) {
  constexpr double kMost = 9007199254740992.0;  // 2^53: larger doubles are not exact seconds
  const FlatMember* claim = claims.find(name);
  if (claim == nullptr) return true;
  if (claim->kind != Kind::number) return false;
  double seconds = 0;
  const char* const end = claim->text.data() + claim->text.size();
  const std::from_chars_result result = std::from_chars(claim->text.data(), end, seconds);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(seconds)) return false;
  out = static_cast<int64_t>(std::ceil(std::fmin(std::fmax(seconds, -kMost), kMost)));
  return true;
}

}  // namespace

bool split_token(std::string_view token, TokenParts& out) {
  size_t first = 0;
  size_t second = 0;
  if (token.size() > kMaxToken || !two_dots(token, first, second)) return false;
  out.header = token.substr(0, first);
  out.payload = token.substr(first + 1, second - first - 1);
  out.signature = token.substr(second + 1);
  out.signing_input = token.substr(0, second);
  return !out.header.empty() && !out.payload.empty() && !out.signature.empty();
}

bool looks_like_token(std::string_view value, Arena& arena) {
  size_t first = 0;
  size_t second = 0;
  if (!two_dots(value, first, second) || first > kMaxToken) return false;
  const Decoded header = decode(value.substr(0, first), arena);
  if (header.reason != nullptr) return false;
  const std::string_view text(header.text, header.size);
  const size_t start = text.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && text[start] == '{';
}

std::optional<std::string_view> JwtToken::issuer() const {
  const FlatMember* claim = claims.find("iss");
  if (claim == nullptr || claim->kind != Kind::text) return std::nullopt;
  return claim->text;
}

bool JwtToken::for_audience(std::string_view audience) const {
  const FlatMember* claim = claims.find("aud");
  if (claim == nullptr) return false;
  if (claim->kind == Kind::text) return claim->text == audience;
  return claims.has_string(*claim, audience);
}

std::optional<std::string_view> JwtToken::condition_value(std::string_view claim) const {
  const FlatMember* member = claims.find(claim);
  if (member == nullptr) return std::nullopt;
  if (member->kind == Kind::text || member->kind == Kind::number || member->kind == Kind::truth) {
    return member->text;
  }
  return std::nullopt;
}

const char* parse_token(const TokenParts& parts, Arena& arena, JwtToken& out) {
  FlatObject header;
  if (const char* reason = read_object(parts.header, arena, header)) return reason;
  if (const char* reason = read_header(header, out)) return reason;
  if (const char* reason = read_object(parts.payload, arena, out.claims)) return reason;
  if (!read_date(out.claims, "exp", out.expires)) return "exp_type";
  if (!read_date(out.claims, "nbf", out.not_before)) return "nbf_type";
  const Decoded signature = decode(parts.signature, arena);
  if (signature.reason != nullptr) return signature.reason;
  out.signature = {signature.text, signature.size};
  out.signing_input = parts.signing_input;
  return nullptr;
}

}  // namespace tablegate::core
