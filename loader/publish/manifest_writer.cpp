#include "publish/manifest_writer.hpp"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <string_view>

#include "catalog/refusal.hpp"
#include "core/digest.hpp"
#include "core/manifest_reader.hpp"
#include "publish/compiled_api.hpp"

namespace tablegate::loader {
namespace {

// One object a line, members in the order they are written.
class Line {
 public:
  explicit Line(std::string_view kind) : writer_(buffer_) {
    writer_.StartObject();
    text("kind", kind);
  }

  void key(const char* name) { writer_.Key(name); }
  void value(std::string_view text) {
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  void text(const char* name, std::string_view text) {
    key(name);
    value(text);
  }
  void number(const char* name, int64_t number) {
    key(name);
    writer_.Int64(number);
  }
  void truth(const char* name, bool truth) {
    key(name);
    writer_.Bool(truth);
  }
  void texts(const char* name, const std::vector<std::string>& list) {
    key(name);
    writer_.StartArray();
    for (const std::string& item : list) value(item);
    writer_.EndArray();
  }
  void open_object(const char* name = nullptr) {
    if (name != nullptr) key(name);
    writer_.StartObject();
  }
  void close_object() { writer_.EndObject(); }
  void open_array(const char* name) {
    key(name);
    writer_.StartArray();
  }
  void close_array() { writer_.EndArray(); }
  void item(int64_t number) { writer_.Int64(number); }

  std::string finish() {
    writer_.EndObject();
    return std::string(buffer_.GetString(), buffer_.GetSize()) + "\n";
  }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

std::string domain_line(const DomainEntry& domain) {
  Line line("domain");
  line.text("name", domain.name);
  line.text("protocol", domain.protocol);
  line.truth("force_https", domain.force_https);
  return line.finish();
}

void write_parameters(Line& line, const CompiledApi& api) {
  line.open_array("parameters");
  for (const CompiledParameter& parameter : api.parameters) {
    line.open_object();
    line.text("name", parameter.name);
    line.text("in", parameter.place);
    line.text("type", parameter.type);
    line.text("column_type", parameter.column_type);
    line.texts("condition", {parameter.condition_before, parameter.condition_after});
    line.truth("required", parameter.required);
    if (parameter.default_value) line.text("default", *parameter.default_value);
    if (!parameter.time_zone.empty()) line.text("time_zone", parameter.time_zone);
    line.close_object();
  }
  line.close_array();
}

void write_columns(Line& line, const CompiledApi& api) {
  line.open_array("columns");
  for (const CompiledColumn& column : api.columns) {
    line.open_object();
    line.text("name", column.name);
    line.text("type", column.type);
    if (column.as_string) line.text("as", "string");
    if (column.wall) line.truth("wall", true);
    line.close_object();
  }
  line.close_array();
}

std::string api_line(const ApiEntry& entry) {
  const CompiledApi api = compile_api(entry);
  Line line("api");
  line.number("id", entry.api_id);
  line.text("name", api.name);
  line.text("workspace", entry.workspace);
  line.text("rest_api", entry.rest_api);
  line.number("version", entry.version);
  line.text("method", api.method);
  line.text("path", api.path);
  std::vector<std::string> domains = entry.domains;
  std::sort(domains.begin(), domains.end());
  line.texts("domains", domains);
  line.text("service", entry.service);
  line.text("resource_group", api.resource_group);
  line.number("timeout_ms", api.timeout_ms);
  line.number("max_records", api.max_records);
  line.text("result", api.result);
  line.truth("point", api.point);
  line.texts("authentication", api.authentication);
  if (api.api_key_source) {
    line.open_object("api_key_source");
    line.text("in", api.api_key_source->first);
    line.text("name", api.api_key_source->second);
    line.close_object();
  }
  line.text("select", api.select);
  line.text("tail", api.tail);
  write_parameters(line, api);
  write_columns(line, api);
  return line.finish();
}

std::string consumer_line(const ConsumerEntry& consumer) {
  Line line("consumer");
  line.text("name", consumer.name);
  line.truth("enabled", consumer.enabled);
  std::vector<int64_t> apis = consumer.apis;
  std::sort(apis.begin(), apis.end());
  apis.erase(std::unique(apis.begin(), apis.end()), apis.end());
  line.open_array("apis");
  for (const int64_t id : apis) line.item(id);
  line.close_array();
  std::vector<KeyEntry> keys = consumer.keys;
  std::sort(keys.begin(), keys.end(), [](const KeyEntry& a, const KeyEntry& b) { return a.id < b.id; });
  line.open_array("api_keys");
  for (const KeyEntry& key : keys) {
    line.open_object();
    line.text("id", key.id);
    line.text("sha256", key.sha256);
    if (key.not_before) line.number("not_before", *key.not_before);
    if (key.expires) line.number("expires", *key.expires);
    line.close_object();
  }
  line.close_array();
  return line.finish();
}

// Pointers, so that the order of the caller's lists does not matter and nothing is copied.
template <class Entry, class Less>
std::vector<const Entry*> sorted(const std::vector<Entry>& entries, Less less) {
  std::vector<const Entry*> order;
  order.reserve(entries.size());
  for (const Entry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [&less](const Entry* a, const Entry* b) { return less(*a, *b); });
  return order;
}

std::string header_line(const ManifestContents& contents, const std::string& body) {
  core::Sha256 sha256;
  core::Digest digest;
  if (!sha256.digest(body, digest)) throw SystemFailure("OpenSSL has no SHA-256");
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(contents.gateway.data(), static_cast<rapidjson::SizeType>(contents.gateway.size()));
  return fmt::format("{{\"format\":{},\"gateway\":{},\"publication\":{},\"sha256\":\"{}\"}}\n",
                     core::kManifestFormat, std::string_view(buffer.GetString(), buffer.GetSize()),
                     contents.publication, core::to_hex(digest));
}

}  // namespace

std::string write_manifest(const ManifestContents& contents) {
  std::string body;
  for (const auto* domain :
       sorted(contents.domains, [](const auto&a, const auto&b) { return a.name < b.name; })) {
    body += domain_line(*domain);
  }
  for (const auto* api :
       sorted(contents.apis, [](const auto&a, const auto&b) { return a.api_id < b.api_id; })) {
    body += api_line(*api);
  }
  for (const auto* consumer :
       sorted(contents.consumers, [](const auto&a, const auto&b) { return a.name < b.name; })) {
    body += consumer_line(*consumer);
  }
  return header_line(contents, body) + body;
}

}  // namespace tablegate::loader
