// `tablegate consumer list|show`: callers, their credentials (never a secret) and
// what they may call.
#include <fmt/format.h>

#include "base/json_text.hpp"
#include "catalog/credentials/consumers.hpp"
#include "catalog/credentials/jwt_settings.hpp"
#include "cli/consumer/consumer_verbs.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

// Keys of both types: id, type, label, not_before, expires, created_at, state, access_key, profile.
Rows keys_of(Database& catalog, const std::string& consumer_id) {
  return catalog.query(
      "WITH keys AS (SELECT key_id, 'api_key' AS type, label, not_before, expires, created_at, NULL AS "
      "access_key,"
      " NULL AS profile FROM tablegate.api_key WHERE consumer_id = $1 UNION ALL SELECT key_id, 'hmac', label,"
      " not_before, expires, created_at, access_key, profile FROM tablegate.hmac_key WHERE consumer_id = $1),"
      " format AS (SELECT 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"' AS iso)"
      " SELECT key_id, type, label, to_char(not_before, iso), to_char(expires, iso), to_char(created_at, "
      "iso),"
      " CASE WHEN expires <= now() THEN 'expired' WHEN not_before > now() THEN 'not yet valid' ELSE 'valid' "
      "END,"
      " access_key, profile FROM keys, format ORDER BY created_at, key_id",
      {consumer_id});
}

void write_keys(JsonOutput& json, const Rows& keys) {
  json.key("keys").begin_array();
  for (int i = 0; i < keys.size(); ++i) {
    json.begin_object();
    for (const auto& [name, column] : {std::pair{"id", 0}, {"type", 1}, {"label", 2}})
      json.key(name).text(keys.text(i, column));
    for (const auto& [name, column] : {std::pair{"access_key", 7}, {"profile", 8}}) {
      if (!keys.null(i, column)) json.key(name).text(keys.text(i, column));
    }
    for (const auto& [name, column] : {std::pair{"not_before", 3}, {"expires", 4}, {"created_at", 5}}) {
      json.key(name);
      keys.null(i, column) ? json.null() : json.text(keys.text(i, column));
    }
    json.key("state").text(keys.text(i, 6)).end_object();
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
  const auto text_or_null = [&json](const char* name, const std::string& value) {
    json.key(name);
    value.empty() ? json.null() : json.text(value);
  };
  json.begin_object().key("source").begin_object().key("in").text(setting->source_in);
  json.key("name").text(setting->source_name);
  text_or_null("prefix", setting->source_prefix);
  json.end_object();
  text_or_null("issuer", setting->issuer);
  text_or_null("audience", setting->audience);
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

void print_keys(const Rows& keys) {
  if (keys.empty()) return print_line("no key");
  std::vector<std::vector<std::string>> table = {
      {"KEY ID", "TYPE", "ACCESS KEY", "LABEL", "STATE", "NOT BEFORE", "EXPIRES", "CREATED"}};
  const auto or_dash = [&](int row, int column) {
    return keys.text(row, column).empty() ? std::string("-") : keys.string(row, column);
  };
  for (int i = 0; i < keys.size(); ++i) {
    const std::string type = keys.text(i, 8) == "raw-query" ? "hmac (raw-query)" : keys.string(i, 1);
    table.push_back({keys.string(i, 0), type, or_dash(i, 7), or_dash(i, 2), keys.string(i, 6), or_dash(i, 3),
                     or_dash(i, 4), keys.string(i, 5)});
  }
  print_table(table);
}

}  // namespace

void consumer_list(const Settings& settings) {
  Database catalog = settings.open_catalog();
  const Rows rows = catalog.query(
      "SELECT c.name, c.enabled, coalesce(w.name, ''),"
      " (SELECT count(k.key_id) FROM tablegate.api_key k WHERE k.consumer_id = c.consumer_id)"
      " + (SELECT count(k.key_id) FROM tablegate.hmac_key k WHERE k.consumer_id = c.consumer_id),"
      " (SELECT count(*) FROM tablegate.authorization z WHERE z.consumer_id = c.consumer_id),"
      " EXISTS (SELECT j.consumer_id FROM tablegate.jwt_setting j WHERE j.consumer_id = c.consumer_id)"
      " FROM tablegate.consumer c LEFT JOIN tablegate.workspace w USING (workspace_id) ORDER BY c.name "
      "COLLATE \"C\"");
  if (settings.json) {
    JsonOutput json;
    json.begin_array();
    for (int i = 0; i < rows.size(); ++i) {
      json.begin_object().key("name").text(rows.text(i, 0)).key("enabled").boolean(rows.boolean(i, 1));
      json.key("workspace");
      rows.text(i, 2).empty() ? json.null() : json.text(rows.text(i, 2));
      json.key("keys").number(rows.integer(i, 3)).key("jwt").boolean(rows.boolean(i, 5));
      json.key("authorizations").number(rows.integer(i, 4)).end_object();
    }
    return json.end_array().print();
  }
  std::vector<std::vector<std::string>> table = {{"NAME", "STATE", "KEYS", "JWT", "AUTHORISED FOR"}};
  for (int i = 0; i < rows.size(); ++i) {
    table.push_back({rows.string(i, 0), rows.boolean(i, 1) ? "enabled" : "disabled", rows.string(i, 3),
                     rows.boolean(i, 5) ? "set" : "-",
                     rows.text(i, 2).empty()
                         ? plural(static_cast<size_t>(rows.integer(i, 4)), "authorisation")
                         : "all APIs of workspace " + rows.string(i, 2)});
  }
  print_table(table);
}

void consumer_show(const Settings& settings, const std::string& name) {
  Database catalog = settings.open_catalog();
  const Consumer consumer = find_consumer(catalog, name);
  const Rows keys = keys_of(catalog, consumer.id);
  const std::optional<JwtEntry> jwt = public_jwt_setting(catalog, consumer);
  const Rows grants = catalog.query(
      "SELECT a.name, r.name, r.version FROM tablegate.authorization z LEFT JOIN tablegate.api a USING "
      "(api_id)"
      " LEFT JOIN tablegate.rest_api r ON r.rest_api_id = z.rest_api_id WHERE z.consumer_id = $1 ORDER BY 1, "
      "2, 3",
      {consumer.id});
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("name").text(name).key("enabled").boolean(consumer.enabled).key("workspace");
    consumer.workspace.empty() ? json.null() : json.text(consumer.workspace);
    write_keys(json, keys);
    write_jwt(json, jwt);
    json.key("authorizations").begin_array();
    for (int i = 0; i < grants.size(); ++i) {
      const bool api = !grants.null(i, 0);
      json.begin_object().key(api ? "api" : "rest_api").text(grants.text(i, api ? 0 : 1));
      if (!grants.text(i, 2).empty()) json.key("rest_api_version").text(grants.text(i, 2));
      json.end_object();
    }
    return json.end_array().end_object().print();
  }
  print_line(fmt::format("consumer {} ({})", name, consumer.enabled ? "enabled" : "disabled"));
  if (!consumer.workspace.empty()) print_line("authorised for all APIs of workspace " + consumer.workspace);
  for (int i = 0; i < grants.size(); ++i) {
    print_line(grants.null(i, 0) ? "authorised for all APIs of REST API " + grants.string(i, 1) +
                                       (grants.text(i, 2).empty() ? "" : " " + grants.string(i, 2))
                                 : "authorised for API " + grants.string(i, 0));
  }
  print_keys(keys);
  if (jwt) print_jwt(*jwt);
}

}  // namespace tablegate::loader
