#include "cli/api/api_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/gateway_definition.hpp"

namespace tablegate::loader {
namespace {

// A method of the HMAC signature that the API takes: the default one where it may be chosen.
std::string hmac_method(const ApiDefinition& api) {
  const std::string preferred = HmacRule().methods.front();
  const std::vector<std::string> methods = api.hmac_rule().methods;
  const bool allowed = std::find(methods.begin(), methods.end(), preferred) != methods.end();
  return allowed || methods.empty() ? preferred : methods.front();
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string encode_values(const Values& values) {
  std::string text;
  for (const auto& [name, value] : values)
    text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return text;
}

std::string version_query(const core::VersionKey& key) {
  return key.in == core::VersionKey::In::query ? "?" + encode_values({{key.name, key.value}}) : std::string();
}

bool ApiRequest::takes(std::string_view type) const {
  return std::find(authentication.begin(), authentication.end(), type) != authentication.end();
}

std::string ApiRequest::target() const {
  return query.empty() ? path : path + "?" + encode_values(query);
}

namespace {

// The one to call first: over TLS where there is one.
std::vector<std::string> domain_urls(Database& catalog, const std::string& gateway,
                                     const std::string& rest_api_id) {
  const Rows rows = catalog.query(
      "SELECT d.name, d.definition::text FROM tablegate.rest_api_domain r"
      " JOIN tablegate.domain d ON d.name = r.domain WHERE r.gateway = $1 AND r.rest_api_id = $2"
      " ORDER BY d.name",
      {gateway, rest_api_id});
  std::vector<std::string> secure, plain;
  for (int row = 0; row < rows.size(); ++row) {
    const DomainDefinition domain =
        read_domain_definition(rows.string(row, 1), fmt::format("Domain \"{}\"", rows.text(row, 0)));
    (domain.protocol == "HTTPS" ? secure : plain).push_back(domain.url());
  }
  secure.insert(secure.end(), plain.begin(), plain.end());
  return secure;
}

}  // namespace

ServedApi find_served(Database& catalog, const ApiRow& api, const std::string& gateway) {
  ServedApi served;
  served.name = api.name;
  served.text = api.definition;
  served.definition = api.draft();
  served.base_path = api.base_path;
  served.version_key = api.version_key;
  const Rows rows = catalog.query(
      "SELECT g.name, g.definition::text, v.version, v.definition::text FROM tablegate.gateway_instance g"
      " LEFT JOIN tablegate.published_api p ON p.gateway = g.name AND p.api_id = $1"
      " LEFT JOIN tablegate.api_version v ON v.api_id = p.api_id AND v.version = p.version"
      " WHERE $2 = '' OR g.name = $2 ORDER BY v.version IS NULL, g.name",
      {api.id, gateway});
  if (rows.empty() && !gateway.empty()) find_gateway(catalog, gateway);  // tells which there are
  if (rows.empty() || (rows.size() > 1 && rows.null(0, 2))) return served;
  served.gateway = rows.string(0, 0);
  served.address =
      read_gateway_definition(rows.string(0, 1), fmt::format("GatewayInstance \"{}\"", served.gateway))
          .address;
  if (rows.null(0, 2)) return served;
  served.version = static_cast<int>(rows.integer(0, 2));
  served.text = rows.string(0, 3);
  served.definition =
      read_api_definition(served.text, fmt::format("version {} of API \"{}\"", served.version, api.name));
  served.domains = domain_urls(catalog, served.gateway, api.rest_api_id);
  return served;
}

ApiRequest make_request(const ServedApi& api, const Values& parameters) {
  SampleRequest sample = sample_request(
      api.definition, api.name, join_path(api.base_path, api.definition.path), api.version_key, parameters);
  if (!sample.missing.empty()) {
    const std::string& name = sample.missing.front();
    throw Refused(fmt::format("parameter \"{}\" has no sample", name), fmt::format("--param {}=VALUE", name));
  }
  ApiRequest request;
  request.method = sample.method;
  request.path = sample.filled_path([](const std::string& value) { return percent_encode(value); });
  request.query = std::move(sample.query);
  request.form = std::move(sample.form);
  request.headers = std::move(sample.headers);
  request.authentication = api.definition.authentication;
  const ApiKeySource source = api.definition.key_source();
  (source.in == "header" ? request.key_header : request.key_query) = source.name;
  request.hmac_method = hmac_method(api.definition);
  return request;
}

}  // namespace tablegate::loader
