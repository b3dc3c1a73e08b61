#include "compile/credentials_writer.hpp"

#include <algorithm>

#include "compile/manifest_line.hpp"
#include "core/manifest/credentials_reader.hpp"

namespace tablegate::loader {
namespace {

void write_validity(ManifestLine& line, const Validity& validity) {
  line.number_if("not_before", validity.not_before);
  line.number_if("expires", validity.expires);
}

std::string key_line(const GatewayKeyEntry& key) {
  ManifestLine line("key");
  line.text("name", key.name);
  line.text("key", key.key);
  return line.finish();
}

std::string consumer_line(const ConsumerEntry& consumer) {
  ManifestLine line("consumer");
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

}  // namespace

std::string jwt_setting_json(const JwtEntry& jwt) {
  ManifestLine line;
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

std::string credentials_lines(const std::vector<GatewayKeyEntry>& keys,
                              const std::vector<ConsumerEntry>& consumers) {
  std::string lines;
  for (const GatewayKeyEntry& key : sorted_by(keys, &GatewayKeyEntry::name)) lines += key_line(key) + "\n";
  for (const ConsumerEntry& consumer : sorted_by(consumers, &ConsumerEntry::name))
    lines += consumer_line(consumer) + "\n";
  return lines;
}

std::string write_credentials(const std::string& gateway, const std::vector<std::string>& manifests,
                              const std::string& lines) {
  ManifestLine header;
  header.number("format", core::kCredentialsFormat);
  header.text("gateway", gateway);
  header.list("manifests", manifests);
  header.text("sha256", digest_of_lines(lines));
  return header.finish() + "\n" + lines;
}

}  // namespace tablegate::loader
