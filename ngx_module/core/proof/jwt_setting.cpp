#include "core/proof/jwt_setting.hpp"

#include <algorithm>

#include "core/manifest/manifest_object.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kMaxName = 128;
constexpr size_t kMaxValue = 1024;

// As names of headers and cookies are.
bool is_token(const std::string& text) {
  return std::all_of(text.begin(), text.end(), is_token_character);
}

std::string limited(ObjectReader& in, const char* name, size_t most) {
  std::string text = in.string(name);
  if (text.empty() || text.size() > most) in.fail(name, "must have 1 to " + std::to_string(most) + " bytes");
  return text;
}

TokenSource read_source(ObjectReader& in) {
  TokenSource out;
  out.in = in.word<TokenSource::In>("in", {{"header", TokenSource::In::header},
                                           {"query", TokenSource::In::query},
                                           {"cookie", TokenSource::In::cookie}});
  out.name = limited(in, "name", kMaxName);
  out.prefix.clear();
  if (out.in != TokenSource::In::query && !is_token(out.name)) {
    in.fail("name", "is not a name of a header or a cookie");
  }
  if (!in.has("prefix")) return out;
  out.prefix = in.string("prefix");
  if (out.prefix.size() > kMaxName || !is_token(out.prefix)) in.fail("prefix", "must be one word");
  if (out.in != TokenSource::In::header && !out.prefix.empty()) in.fail("prefix", "is for headers only");
  return out;
}

}  // namespace

bool same_source(const TokenSource& a, const TokenSource& b) {
  if (a.in != b.in) return false;
  if (a.in != TokenSource::In::header) return a.name == b.name;
  return same_in_any_case(a.name, b.name) && same_in_any_case(a.prefix, b.prefix);
}

JwtSetting read_jwt_setting(ObjectReader& in, uint32_t consumer) {
  JwtSetting out;
  out.consumer = consumer;
  if (in.has("source")) in.object("source", [&out](ObjectReader& item) { out.source = read_source(item); });
  if (in.has("issuer")) out.issuer = limited(in, "issuer", kMaxValue);
  if (in.has("audience")) out.audience = limited(in, "audience", kMaxValue);
  if (in.has("claim")) {
    in.object("claim", [&out](ObjectReader& item) {
      out.claim = ClaimCondition{limited(item, "name", kMaxName), limited(item, "value", kMaxValue)};
    });
  }
  if (in.has("leeway")) out.leeway_s = in.integer("leeway", 0, kMaxLeeway);
  if (in.has("require_exp")) out.require_exp = in.boolean("require_exp");
  const json_t* keys = in.raw("keys");
  if (keys == nullptr) return out;
  if (!json_is_array(keys)) {
    in.fail("keys", "must be a list of keys");
    return out;
  }
  Result<std::vector<Jwk>> read = read_jwks(keys, in.pointer() + "/keys");
  if (read) {
    out.keys = std::move(*read);
  } else {
    in.fail(read.error());
  }
  return out;
}

Result<JwtSetting> read_jwt_setting(const json_t* setting, uint32_t consumer) {
  if (!json_is_object(setting)) return Error{"must be an object", {}};
  std::optional<Error> problem;
  ObjectReader in(setting, "", problem);
  JwtSetting out = read_jwt_setting(in, consumer);
  in.done();
  if (problem) return *problem;
  return out;
}

}  // namespace tablegate::core
