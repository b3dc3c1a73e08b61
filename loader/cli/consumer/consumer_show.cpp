// `tablegate consumer list|show`: callers, their credentials (never a secret) and
// what they may call.
#include <fmt/format.h>

#include "base/json_text.hpp"
#include "catalog/credentials/consumer_report.hpp"
#include "catalog/credentials/jwt_settings.hpp"
#include "cli/consumer/consumer_verbs.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

void write_keys(JsonOutput& json, const std::vector<KeySummary>& keys) {
  json.key("keys").begin_array();
  for (const KeySummary& key : keys) {
    json.begin_object().key("id").text(key.id).key("type").text(key.type).key("label").text(key.label);
    if (key.access_key) json.key("access_key").text(key.access_key);
    if (key.profile) json.key("profile").text(key.profile);
    json.key("not_before").text(key.not_before).key("expires").text(key.expires);
    json.key("created_at").text(key.created_at).key("state").text(key.state).end_object();
  }
  json.end_array();
}

// What tells one JWK from another; nothing of a symmetric key's bytes.
std::vector<std::pair<std::string, std::string>> jwk_words(const JsonValue& jwk) {
  std::vector<std::pair<std::string, std::string>> words;
  for (const char* const name : {"kid", "kty", "crv", "alg"}) {
    if (std::string word = json_member(jwk, name); !word.empty()) words.emplace_back(name, std::move(word));
  }
  return words;
}

JsonDocument jwk_list(const JwtEntry& setting) {
  JsonDocument list;
  if (!parse_json(setting.keys, list).empty() || !list.IsArray())
    throw SystemFailure("the keys of a JWT setting are damaged in the catalog");
  return list;
}

void write_jwt(JsonOutput& json, const std::optional<JwtEntry>& setting) {
  json.key("jwt");
  if (!setting) {
    json.null();
    return;
  }
  json.begin_object().key("source").begin_object().key("in").text(setting->source_in);
  json.key("name").text(setting->source_name);
  json.key("prefix").text_or_null(setting->source_prefix);
  json.end_object();
  json.key("issuer").text_or_null(setting->issuer);
  json.key("audience").text_or_null(setting->audience);
  json.key("claim");
  if (setting->claim_name.empty()) {
    json.null();
  } else {
    json.begin_object()
        .key("name")
        .text(setting->claim_name)
        .key("value")
        .text(setting->claim_value)
        .end_object();
  }
  json.key("leeway").number(setting->leeway).key("require_exp").boolean(setting->require_exp);
  json.key("keys").begin_array();
  const JsonDocument list = jwk_list(*setting);
  for (const JsonValue& jwk : list.GetArray()) {
    json.begin_object();
    for (const auto& [name, word] : jwk_words(jwk)) json.key(name).text(word);
    json.end_object();
  }
  json.end_array().end_object();
}

void print_jwt(const JwtEntry& setting) {
  print_line("");
  std::string place = setting.source_in + " " + setting.source_name;
  if (!setting.source_prefix.empty()) place += " (" + setting.source_prefix + " TOKEN)";
  const auto or_any = [](const std::string& text) { return text.empty() ? std::string("any") : text; };
  print_table(
      {{"jwt", "token in " + place},
       {"issuer", or_any(setting.issuer)},
       {"audience", or_any(setting.audience)},
       {"claim",
        setting.claim_name.empty() ? "no condition" : setting.claim_name + "=" + setting.claim_value},
       {"exp", fmt::format("{}, leeway {} s", setting.require_exp ? "required" : "checked when present",
                           setting.leeway)}});
  std::vector<std::vector<std::string>> table = {{"JWT KEY", "KID"}};
  const JsonDocument list = jwk_list(setting);
  for (const JsonValue& jwk : list.GetArray()) {
    std::string words;
    for (const auto& [name, word] : jwk_words(jwk)) {
      if (name != "kid") words += (words.empty() ? "" : " ") + word;
    }
    table.push_back({words, json_member(jwk, "kid", "-")});
  }
  print_table(table);
}

void print_keys(const std::vector<KeySummary>& keys) {
  if (keys.empty()) return print_line("no key");
  std::vector<std::vector<std::string>> table = {
      {"KEY ID", "TYPE", "ACCESS KEY", "LABEL", "STATE", "NOT BEFORE", "EXPIRES", "CREATED"}};
  for (const KeySummary& key : keys) {
    table.push_back({key.id, key.profile == "raw-query" ? "hmac (raw-query)" : key.type,
                     key.access_key.value_or("-"), key.label.empty() ? "-" : key.label, key.state,
                     key.not_before.value_or("-"), key.expires.value_or("-"), key.created_at});
  }
  print_table(table);
}

void show_json(const Consumer& consumer, const std::vector<KeySummary>& keys,
               const std::optional<JwtEntry>& jwt, const std::vector<Grant>& grants) {
  JsonOutput json;
  json.begin_object().key("name").text(consumer.name).key("enabled").boolean(consumer.enabled);
  json.key("workspace").text_or_null(consumer.workspace);
  write_keys(json, keys);
  write_jwt(json, jwt);
  json.key("authorizations").begin_array();
  for (const Grant& grant : grants) {
    json.begin_object();
    if (grant.api.empty()) {
      json.key("rest_api").text(grant.rest_api);
    } else {
      json.key("api").text(grant.api);
    }
    if (!grant.rest_api_version.empty()) json.key("rest_api_version").text(grant.rest_api_version);
    json.end_object();
  }
  json.end_array().end_object().print();
}

}  // namespace

void consumer_list(const Settings& settings) {
  Database catalog = settings.open_catalog();
  const std::vector<ConsumerSummary> consumers = list_consumers(catalog);
  if (settings.json) {
    JsonOutput json;
    json.begin_array();
    for (const ConsumerSummary& consumer : consumers) {
      json.begin_object().key("name").text(consumer.name).key("enabled").boolean(consumer.enabled);
      json.key("workspace").text_or_null(consumer.workspace);
      json.key("keys").number(consumer.keys).key("jwt").boolean(consumer.jwt);
      json.key("authorizations").number(consumer.authorizations).end_object();
    }
    return json.end_array().print();
  }
  std::vector<std::vector<std::string>> table = {{"NAME", "STATE", "KEYS", "JWT", "AUTHORISED FOR"}};
  for (const ConsumerSummary& consumer : consumers) {
    table.push_back({consumer.name, consumer.enabled ? "enabled" : "disabled", std::to_string(consumer.keys),
                     consumer.jwt ? "set" : "-",
                     consumer.workspace.empty()
                         ? plural(static_cast<size_t>(consumer.authorizations), "authorisation")
                         : "all APIs of workspace " + consumer.workspace});
  }
  print_table(table);
}

void consumer_show(const Settings& settings, const std::string& name) {
  Database catalog = settings.open_catalog();
  const Consumer consumer = find_consumer(catalog, name);
  const std::vector<KeySummary> keys = keys_of(catalog, consumer);
  const std::optional<JwtEntry> jwt = public_jwt_setting(catalog, consumer);
  const std::vector<Grant> grants = grants_of(catalog, consumer);
  if (settings.json) return show_json(consumer, keys, jwt, grants);
  print_line(fmt::format("consumer {} ({})", name, consumer.enabled ? "enabled" : "disabled"));
  if (!consumer.workspace.empty()) print_line("authorized for all APIs of workspace " + consumer.workspace);
  for (const Grant& grant : grants) {
    print_line(grant.api.empty()
                   ? fmt::format("authorized for all APIs of REST API {}{}{}", grant.rest_api,
                                 grant.rest_api_version.empty() ? "" : " ", grant.rest_api_version)
                   : "authorized for API " + grant.api);
  }
  print_keys(keys);
  if (jwt) print_jwt(*jwt);
}

}  // namespace tablegate::loader
