#include "model/consumer_definition.hpp"

#include "model/stored_json.hpp"

namespace tablegate::loader {
namespace {

JwtEntry read_jwt(const JsonValue& from) {
  JwtEntry jwt;
  const JsonValue* const source = json_find(from, "source");
  jwt.source_in = source == nullptr ? kTokenPlace : json_member(*source, "in");
  jwt.source_name = source == nullptr ? kTokenName : json_member(*source, "name");
  jwt.source_prefix = source == nullptr ? kTokenPrefix : json_member(*source, "prefix");
  jwt.issuer = json_member(from, "issuer");
  jwt.audience = json_member(from, "audience");
  if (const JsonValue* const claim = json_find(from, "claim")) {
    jwt.claim_name = json_member(*claim, "name");
    jwt.claim_value = json_member(*claim, "value");
  }
  if (const JsonValue* const leeway = json_find(from, "leeway"); leeway != nullptr && leeway->IsInt64())
    jwt.leeway = leeway->GetInt64();
  jwt.require_exp = json_truth(from, "require_exp", jwt.require_exp);
  if (const JsonValue* const keys = json_find(from, "keys")) jwt.keys = json_text(*keys);
  return jwt;
}

}  // namespace

bool has_default_source(const JwtEntry& jwt) {
  return jwt.source_in == kTokenPlace && jwt.source_name == kTokenName && jwt.source_prefix == kTokenPrefix;
}

ConsumerDefinition read_consumer_definition(const JsonValue& definition) {
  ConsumerDefinition consumer;
  consumer.name = json_member(definition, "name");
  consumer.disabled = json_truth(definition, "disabled", consumer.disabled);
  if (const JsonValue* const list = json_find(definition, "authorizations");
      list != nullptr && list->IsArray()) {
    for (const JsonValue& one : list->GetArray()) {
      consumer.authorizations.push_back({json_member(one, "rest_api"), json_member(one, "rest_api_version"),
                                         json_member(one, "api"), json_member(one, "workspace")});
    }
  }
  if (const JsonValue* const jwt = json_find(definition, "jwt")) consumer.jwt = read_jwt(*jwt);
  return consumer;
}

}  // namespace tablegate::loader
