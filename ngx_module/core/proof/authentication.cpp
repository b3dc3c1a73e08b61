#include "core/proof/authentication.hpp"

#include <algorithm>
#include <vector>

#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

bool blank(char c) {
  return c == ' ' || c == '\t';
}

// The value after the scheme in `Bearer KEY`: the scheme in any case, then one or more blanks. Empty: another
// scheme.
std::string_view after_scheme(std::string_view value, std::string_view scheme) {
  if (value.size() <= scheme.size() || !blank(value[scheme.size()])) return {};
  if (!same_in_any_case(value.substr(0, scheme.size()), scheme)) return {};
  size_t start = scheme.size();
  while (start < value.size() && blank(value[start])) ++start;
  return value.substr(start);
}

// A credential as the request has it, and its number of occurrences.
struct Carried {
  unsigned count = 0;
  std::string_view text;  // null data() with a count of 1: the encoding is invalid
};

// `scheme` empty: the value is the credential.
Carried find_in_header(const RequestData& request, std::string_view name, std::string_view scheme) {
  Carried found;
  found.text = request.headers->find(name, found.count);
  if (found.count != 1) return found;
  if (!scheme.empty()) found.text = after_scheme(found.text, scheme);
  if (found.text.empty()) found.count = 0;
  return found;
}

Carried find_in_query(const RequestData& request, std::string_view name, Arena& arena) {
  Carried found;
  const QueryValue value = find_query_value(request.query, name);
  found.count = value.count;
  if (value.count != 1) return found;
  found.text = decode_query_value(value.raw, arena);
  if (found.text.data() != nullptr && found.text.empty()) found.count = 0;
  return found;
}

// RFC 6265 section 4.2.1: `name=value; other=value`. Several Cookie lines are several credentials.
Carried find_in_cookie(const RequestData& request, std::string_view name) {
  Carried found;
  std::string_view rest = request.headers->find("cookie", found.count);
  if (found.count > 1) return found;
  found.count = 0;
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    while (!pair.empty() && blank(pair.front())) pair.remove_prefix(1);
    if (pair.size() <= name.size() || pair.substr(0, name.size()) != name || pair[name.size()] != '=')
      continue;
    if (found.count++ == 0) found.text = pair.substr(name.size() + 1);
  }
  if (found.count == 1 && found.text.empty()) found.count = 0;
  return found;
}

Carried find_api_key(const ApiKeySource& source, const RequestData& request, Arena& arena) {
  switch (source.in) {
    case ApiKeySource::In::query:
      return find_in_query(request, source.name, arena);
    case ApiKeySource::In::header:
      return find_in_header(request, source.name, {});
    case ApiKeySource::In::bearer:
      break;
  }
  return find_in_header(request, "authorization", "bearer");
}

// The tokens in all possible places; `source` is the place of the one found.
Carried find_token(const JwtIndex& index, const RequestData& request, Arena& arena, uint32_t& source) {
  Carried found;
  const auto add = [&found, &source](const Carried& more, size_t place) {
    if (more.count != 0 && found.count == 0) {
      found.text = more.text;
      source = static_cast<uint32_t>(place);
    }
    found.count += more.count;
  };
  const std::vector<TokenSource>& sources = index.sources();
  bool bearer = false;
  for (size_t i = 0; i < sources.size(); ++i) {
    const TokenSource& place = sources[i];
    switch (place.in) {
      case TokenSource::In::header:
        add(find_in_header(request, place.name, place.prefix), i);
        bearer = bearer || same_source(place, TokenSource());
        break;
      case TokenSource::In::query:
        add(find_in_query(request, place.name, arena), i);
        break;
      case TokenSource::In::cookie:
        add(find_in_cookie(request, place.name), i);
        break;
    }
  }
  // If no consumer's tokens are read from there, a bearer token is still a credential, an invalid one.
  if (!bearer) add(find_in_header(request, "authorization", "bearer"), sources.size());
  return found;
}

// How to send a credential, where the API takes it from Authorization. A key or token that was sent bare: the
// header has one word, where a scheme and the credential are expected.
std::string_view missing_detail(const Api& api, const RequestData& request) {
  const bool bearer = api.authentication.jwt ||
                      (api.authentication.api_key && api.api_key_source.in == ApiKeySource::In::bearer);
  unsigned count = 0;
  const std::string_view value = request.headers->find("authorization", count);
  const bool bare = count == 1 && !value.empty() && !same_in_any_case(value, "bearer") &&
                    std::none_of(value.begin(), value.end(), blank);
  if (!bearer) return {};
  return bare ? "the Authorization header has no scheme: send Authorization: Bearer CREDENTIAL"
              : "the request carries no credential: send Authorization: Bearer CREDENTIAL";
}

Problem refuse(std::string_view reason) {
  return {Slug::invalid_credential, {}, {}, reason};
}

}  // namespace

Authenticator::Authenticator(const Manifest& manifest)
    : manifest_(manifest), hmac_(manifest), jwt_(manifest) {}

// What the request has of the types that the API accepts.
struct Authenticator::Found {
  Carried api_key;
  Carried hmac;
  Carried token;
  uint32_t source = 0;  // of the token

  Found(const Api& api, const JwtIndex& index, const RequestData& request, Arena& arena) {
    if (api.authentication.hmac) hmac.text = request.headers->find("x-ca-key", hmac.count);
    if (api.authentication.api_key) api_key = find_api_key(api.api_key_source, request, arena);
    if (api.authentication.jwt) token = find_token(index, request, arena, source);
    // A bearer value is one credential: its form decides which type.
    if (api_key.count == 1 && token.count == 1 && api_key.text.data() == token.text.data()) {
      (looks_like_token(token.text, arena) ? api_key : token).count = 0;
    }
  }
  unsigned count() const { return api_key.count + hmac.count + token.count; }
};

Proof Authenticator::authenticate(const Api& api, const RequestData& request, const HmacPolicy& policy,
                                  int64_t now, Arena& arena) {
  Proof proof;
  if (api.authentication.open()) {
    proof.outcome = Proof::Outcome::open;
    proof.problem = {};
    return proof;
  }
  Validity validity;
  proof.problem = prove(api, request, policy, now, arena, proof, validity);
  if (proof.outcome == Proof::Outcome::requires_body) return proof;
  const Consumer* consumer = proof.identity.consumer;
  if (!proof.problem && consumer == nullptr) proof.problem = {Slug::internal_error, {}, {}, "no_consumer"};
  if (!proof.problem) {
    if (!consumer->enabled) {
      proof.problem = refuse("consumer_disabled");
    } else if (now < validity.not_before) {
      proof.problem = refuse("not_yet_valid");
    } else if (now >= validity.expires) {
      proof.problem = {Slug::expired_credential, {}, {}, "expired"};
    }
  }
  if (proof.problem) {
    proof.identity = {};
    return proof;
  }
  const auto place = static_cast<uint32_t>(consumer - manifest_.consumers.data());
  if (!manifest_.authorized(place, api)) {
    proof.problem = {Slug::consumer_not_authorized, {}, {}, "not_authorized"};
    return proof;
  }
  proof.outcome = Proof::Outcome::proved;
  return proof;
}

// Finds the one credential and verifies it. Does not check what its consumer may do.
Problem Authenticator::prove(const Api& api, const RequestData& request, const HmacPolicy& policy,
                             int64_t now, Arena& arena, Proof& proof, Validity& validity) {
  const Found found(api, *manifest_.jwt_index, request, arena);
  if (found.count() == 0)
    return {Slug::missing_credential, {}, missing_detail(api, request), "no_credential"};
  if (found.count() > 1) return refuse("several_credentials");
  if (found.hmac.count == 1) {
    proof.claimed = found.hmac.text;
    if (request.body_pending) {
      proof.outcome = Proof::Outcome::requires_body;
      return {};
    }
    HmacProof held;
    Problem problem = hmac_.verify(api, request, policy, now, sha256_, arena, held);
    proof.string_to_sign = held.string_to_sign;
    if (problem) return problem;
    validity = held.key->validity;
    proof.identity = {&manifest_.consumers[held.key->consumer], AuthenticationType::hmac, held.key->id};
    return {};
  }
  if (found.token.count == 1) {
    JwtProof held;
    Problem problem = jwt_.verify(found.source, found.token.text, now, arena, held);
    problem.reason = held.reason;
    if (!problem) proof.identity = {&manifest_.consumers[held.consumer], AuthenticationType::jwt, held.kid};
    return problem;
  }
  if (found.api_key.text.data() == nullptr) return refuse("malformed_credential");
  return prove_api_key(found.api_key.text, proof, validity);
}

Problem Authenticator::prove_api_key(std::string_view key, Proof& proof, Validity& validity) {
  Digest digest{};
  if (!sha256_.digest(key, digest)) return {Slug::internal_error, {}, {}, "openssl"};
  const ApiKey* found = manifest_.find_api_key(digest);
  if (found == nullptr) return refuse("unknown_key");
  validity = found->validity;
  proof.identity = {&manifest_.consumers[found->consumer], AuthenticationType::api_key, found->id};
  return {};
}

std::string www_authenticate(const Api& api, Slug slug) {
  std::string realm = "realm=\"";
  for (char c : api.rest_api) {
    if (c == '"' || c == '\\') realm += '\\';
    realm += c;
  }
  realm += '"';
  std::string value;
  if (api.authentication.api_key || api.authentication.jwt) {
    value = "Bearer " + realm;
    if (slug != Slug::missing_credential) value += ", error=\"invalid_token\"";
  }
  // No registered scheme: it names the signature for people, and satisfies RFC 9110, which requires a
  // challenge.
  if (api.authentication.hmac) value += (value.empty() ? "" : ", ") + ("X-Ca-Signature " + realm);
  return value;
}

}  // namespace tablegate::core
