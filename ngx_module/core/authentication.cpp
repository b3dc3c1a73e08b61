#include "core/authentication.hpp"

namespace tablegate::core {

namespace {

bool blank(char c) {
  return c == ' ' || c == '\t';
}

// The credentials of `Bearer KEY`: scheme in any case, one or more blanks. Null data(): another scheme.
std::string_view bearer_token(std::string_view value) {
  constexpr std::string_view kScheme = "bearer";
  if (value.size() <= kScheme.size() || !blank(value[kScheme.size()])) return {};
  for (size_t i = 0; i < kScheme.size(); ++i) {
    if ((value[i] | 0x20) != kScheme[i]) return {};
  }
  size_t start = kScheme.size();
  while (start < value.size() && blank(value[start])) ++start;
  return value.substr(start);
}

// A credential as the request carries it, and how often.
struct Carried {
  unsigned count = 0;
  std::string_view text;  // null data() with a count of 1: it is badly encoded
};

Carried find_in_query(const RequestData& request, std::string_view name, Arena& arena) {
  Carried found;
  const QueryValue value = find_query_value(request.query, name);
  found.count = value.count;
  if (value.count == 1) found.text = decode_query_value(value.raw, arena);
  return found;
}

Carried find_bearer(const RequestData& request) {
  Carried found;
  const std::string_view value = request.headers->find("authorization", found.count);
  if (found.count != 1) return found;
  found.text = bearer_token(value);
  if (found.text.empty()) found.count = 0;
  return found;
}

Carried find_api_key(const ApiKeySource& source, const RequestData& request, Arena& arena) {
  Carried found;
  switch (source.in) {
    case ApiKeySource::In::query:
      found = find_in_query(request, source.name, arena);
      break;
    case ApiKeySource::In::header:
      found.text = request.headers->find(source.name, found.count);
      break;
    case ApiKeySource::In::bearer:
      found = find_bearer(request);
      break;
  }
  if (found.count == 1 && found.text.data() != nullptr && found.text.empty()) found.count = 0;
  return found;
}

Problem refuse(std::string_view reason) {
  return {Slug::invalid_credential, {}, {}, reason};
}

}  // namespace

Authenticator::Authenticator(const Manifest& manifest) : manifest_(manifest), hmac_(manifest) {}

// What the request carries of the types that the API takes.
struct Authenticator::Found {
  Carried api_key;
  Carried hmac;

  Found(const Api& api, const RequestData& request, Arena& arena) {
    if (api.authentication.hmac) hmac.text = request.headers->find("x-ca-key", hmac.count);
    if (api.authentication.api_key) api_key = find_api_key(api.api_key_source, request, arena);
  }
  unsigned count() const { return api_key.count + hmac.count; }
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
  if (proof.outcome == Proof::Outcome::wants_body) return proof;
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

// Finds the one credential and proves it. Says nothing of whether its consumer may do anything.
Problem Authenticator::prove(const Api& api, const RequestData& request, const HmacPolicy& policy,
                             int64_t now, Arena& arena, Proof& proof, Validity& validity) {
  const Found found(api, request, arena);
  if (found.count() == 0) return {Slug::missing_credential, {}, {}, "no_credential"};
  if (found.count() > 1) return refuse("several_credentials");
  if (found.hmac.count == 1) {
    proof.claimed = found.hmac.text;
    if (request.body_pending) {
      proof.outcome = Proof::Outcome::wants_body;
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
  // No registered scheme: it names the signature for people, and answers RFC 9110, which wants a challenge.
  if (api.authentication.hmac) value += (value.empty() ? "" : ", ") + ("X-Ca-Signature " + realm);
  return value;
}

}  // namespace tablegate::core
