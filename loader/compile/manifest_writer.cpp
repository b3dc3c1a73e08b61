#include "compile/manifest_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>

#include "base/json_output.hpp"
#include "base/refusal.hpp"
#include "compile/compiled_api.hpp"
#include "compile/program_json.hpp"
#include "core/digest.hpp"
#include "core/manifest/manifest_reader.hpp"

namespace tablegate::loader {
namespace {

// One object a line, members in the order they are written.
class Line : public JsonOutput {
 public:
  explicit Line(std::string_view kind) : Line() { text("kind", kind); }
  Line() { begin_object(); }

  using JsonOutput::number;
  using JsonOutput::raw;
  void number_if(const char* name, const std::optional<int64_t>& value) {
    if (value) number(name, *value);
  }
  // A list of texts or numbers.
  template <class Item>
  void list(const char* name, const std::vector<Item>& items) {
    array(name, [&] {
      for (const Item& one : items) item(one);
    });
  }
  // A whole JSON array or object as it is.
  void raw(const char* name, const std::string& json) {
    key(name).raw(json, json[0] == '[' ? rapidjson::kArrayType : rapidjson::kObjectType);
  }
  // A list of objects, one an entry; `members(entry)` writes its members.
  template <class Entries, class Members>
  void objects(const char* name, const Entries& entries, Members members) {
    array(name, [&] {
      for (const auto& entry : entries) object([&] { members(entry); });
    });
  }

  std::string finish() { return end_object().take(); }

 private:
  void item(std::string_view value) { text(value); }
  void item(int64_t value) { number(value); }
};

template <class Item>
std::vector<Item> sorted(std::vector<Item> items) {
  std::sort(items.begin(), items.end());
  return items;
}

// References, so that the order of the caller's lists does not matter and nothing is copied.
template <class Entry, class Key>
std::vector<std::reference_wrapper<const Entry>> sorted_by(const std::vector<Entry>& entries,
                                                           Key Entry::*member) {
  std::vector<std::reference_wrapper<const Entry>> order(entries.begin(), entries.end());
  std::sort(order.begin(), order.end(),
            [member](const Entry& a, const Entry& b) { return a.*member < b.*member; });
  return order;
}

std::string domain_line(const DomainDefinition& domain) {
  Line line("domain");
  line.text("name", domain.name);
  line.text("protocol", domain.protocol);
  line.truth("force_https", domain.force_https);
  return line.finish();
}

void write_authentication(Line& line, const CompiledApi& api) {
  line.list("authentication", api.authentication);
  if (api.hmac) {
    line.object("hmac", [&] {
      line.list("methods", api.hmac->methods);
      line.truth("require_nonce", api.hmac->require_nonce);
      line.truth("require_content_md5", api.hmac->require_content_md5);
    });
  }
  if (api.api_key_source) {
    line.object("api_key_source", [&] {
      line.text("in", api.api_key_source->in);
      line.text("name", api.api_key_source->name);
    });
  }
}

std::string api_line(const ApiEntry& entry) {
  const CompiledApi api = compile_api(entry);
  const bool canary = entry.canary_weight != 0;
  Line line(canary ? "canary" : "api");
  if (canary) line.number("weight", entry.canary_weight);
  line.number("id", entry.api_id);
  line.text("name", api.name);
  line.text("workspace", entry.workspace);
  line.text("rest_api", entry.rest_api);
  line.number("version", entry.version);
  line.text("method", api.method);
  line.text("path", api.path);
  if (const core::VersionKey& key = entry.version_key; key.in != core::VersionKey::In::none) {
    line.object("version_key", [&] {
      line.text("in", key.in == core::VersionKey::In::header ? "header" : "query");
      line.text("name", key.name);
      line.text("value", key.value);
    });
  }
  line.list("domains", sorted(entry.domains));
  line.text("service", entry.service);
  line.text("resource_group", api.resource_group);
  line.number("timeout_ms", api.timeout_ms);
  line.number("max_records", api.max_records);
  line.text("result", api.result);
  line.truth("point", api.point);
  write_authentication(line, api);
  if (entry.sunset) {
    line.object("deprecated", [&] {
      line.number("since", entry.deprecated.value_or(0));
      line.number("sunset", *entry.sunset);
    });
  }
  line.objects("parameters", api.parameters, [&](const CompiledParameter& parameter) {
    line.text("name", parameter.name);
    line.text("in", parameter.place);
    line.text("type", parameter.type);
    line.text("column_type", parameter.column_type);
    line.truth("required", parameter.required);
    if (parameter.default_value) line.text("default", *parameter.default_value);
    line.text_if("time_zone", parameter.time_zone);
  });
  if (api.rejects_unknown) line.text("unknown_parameters", "reject");
  line.raw("statement", program_json(api.statement));
  line.objects("columns", api.columns, [&](const CompiledColumn& column) {
    line.text("name", column.name);
    line.text("type", column.type);
    if (column.as_string) line.text("as", "string");
    if (column.wall) line.truth("wall", true);
  });
  return line.finish();
}

void write_validity(Line& line, const Validity& validity) {
  line.number_if("not_before", validity.not_before);
  line.number_if("expires", validity.expires);
}

std::string consumer_line(const ConsumerEntry& consumer) {
  Line line("consumer");
  line.text("name", consumer.name);
  line.truth("enabled", consumer.enabled);
  std::vector<int64_t> apis = sorted(consumer.apis);
  apis.erase(std::unique(apis.begin(), apis.end()), apis.end());
  line.list("apis", apis);
  line.objects("api_keys", sorted_by(consumer.keys, &KeyEntry::id), [&](const KeyEntry& key) {
    line.text("id", key.id);
    line.text("sha256", key.sha256);
    write_validity(line, key.validity);
  });
  if (!consumer.hmac_keys.empty()) {
    line.objects("hmac_keys", sorted_by(consumer.hmac_keys, &HmacKeyEntry::id), [&](const HmacKeyEntry& key) {
      line.text("id", key.id);
      line.text("access_key", key.access_key);
      line.text("secret", key.secret);
      line.text("profile", key.profile);
      write_validity(line, key.validity);
    });
  }
  if (consumer.jwt) line.raw("jwt", jwt_setting_json(*consumer.jwt));
  return line.finish();
}

std::string document_line(const DocumentEntry& document) {
  Line line("openapi");
  line.list("domains", sorted(document.domains));
  line.text("document", document.text);
  return line.finish();
}

std::string header_line(const ManifestContents& contents, const std::string& body) {
  core::Sha256 sha256;
  core::Digest digest;
  if (!sha256.digest(body, digest)) throw SystemFailure("OpenSSL has no SHA-256");
  return fmt::format("{{\"format\":{},\"gateway\":{},\"publication\":{},\"sha256\":\"{}\"}}\n",
                     core::kManifestFormat, JsonOutput().text(contents.gateway).take(), contents.publication,
                     core::to_hex(digest));
}

}  // namespace

std::string jwt_setting_json(const JwtEntry& jwt) {
  Line line;
  if (!jwt.source_in.empty()) {
    line.object("source", [&] {
      line.text("in", jwt.source_in);
      line.text("name", jwt.source_name);
      line.text_if("prefix", jwt.source_prefix);
    });
  }
  line.text_if("issuer", jwt.issuer);
  line.text_if("audience", jwt.audience);
  if (!jwt.claim_name.empty()) {
    line.object("claim", [&] {
      line.text("name", jwt.claim_name);
      line.text("value", jwt.claim_value);
    });
  }
  line.number("leeway", jwt.leeway);
  line.truth("require_exp", jwt.require_exp);
  line.raw("keys", jwt.keys);
  return line.finish();
}

std::string write_manifest(const ManifestContents& contents) {
  std::string body;
  for (const DomainDefinition& domain : sorted_by(contents.domains, &DomainDefinition::name))
    body += domain_line(domain) + "\n";
  for (const ApiEntry& api : sorted_by(contents.apis, &ApiEntry::api_id)) body += api_line(api) + "\n";
  for (const ApiEntry& api : sorted_by(contents.canaries, &ApiEntry::api_id)) body += api_line(api) + "\n";
  for (const ConsumerEntry& consumer : sorted_by(contents.consumers, &ConsumerEntry::name))
    body += consumer_line(consumer) + "\n";
  for (const DocumentEntry& document : contents.documents) body += document_line(document) + "\n";
  return header_line(contents, body) + body;
}

}  // namespace tablegate::loader
