#include "catalog/life/served_api.hpp"

#include <fmt/format.h>

#include "model/gateway_definition.hpp"

namespace tablegate::loader {

namespace {

// The one to call first: over TLS where there is one.
std::vector<std::string> domain_urls(Database& catalog, const std::string& gateway,
                                     const GatewayDefinition& listens, const std::string& rest_api_id) {
  const Rows rows = catalog.query(
      "SELECT d.name, d.definition::text FROM tablegate.rest_api_domain r"
      " JOIN tablegate.domain d ON d.name = r.domain WHERE r.gateway = $1 AND r.rest_api_id = $2"
      " ORDER BY d.name",
      {gateway, rest_api_id});
  std::vector<std::string> secure, plain;
  for (int row = 0; row < rows.size(); ++row) {
    const DomainDefinition domain =
        read_domain_definition(rows.string(row, 1), fmt::format("Domain \"{}\"", rows.text(row, 0)));
    (domain.protocol == "HTTPS" ? secure : plain)
        .push_back(domain.url(listens.http_listen, listens.https_listen));
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
  if (rows.empty() && !gateway.empty()) find_gateway(catalog, gateway);  // names those there are
  if (rows.empty() || (rows.size() > 1 && rows.null(0, 2))) return served;
  served.gateway = rows.string(0, 0);
  const GatewayDefinition instance =
      read_gateway_definition(rows.string(0, 1), fmt::format("GatewayInstance \"{}\"", served.gateway));
  served.address = instance.address;
  if (rows.null(0, 2)) return served;
  served.version = static_cast<int>(rows.integer(0, 2));
  served.text = rows.string(0, 3);
  served.definition =
      read_api_definition(served.text, fmt::format("version {} of API \"{}\"", served.version, api.name));
  served.domains = domain_urls(catalog, served.gateway, instance, api.rest_api_id);
  return served;
}

std::vector<Served> served_everywhere(Database& catalog, const ApiRow& api) {
  const Rows rows = catalog.query(
      "SELECT gateway, version FROM tablegate.published_api WHERE api_id = $1 ORDER BY gateway", {api.id});
  std::vector<Served> all;
  for (int row = 0; row < rows.size(); ++row) {
    const std::string gateway = rows.string(row, 0);
    all.push_back({gateway, static_cast<int>(rows.integer(row, 1)), find_canary(catalog, gateway, api.id),
                   find_deprecation(catalog, gateway, api.id)});
  }
  return all;
}

std::vector<std::string> gateways_of(Database& catalog, const Workspace& workspace, const std::string& api) {
  return first_column(catalog.query(
      "SELECT DISTINCT p.gateway FROM tablegate.published_api p JOIN tablegate.api a USING (api_id)"
      " WHERE a.workspace_id = $1 AND a.name = $2 ORDER BY 1",
      {workspace.id, api}));
}

LatestVersion latest_state(Database& catalog, const ApiRow& api, const std::string& draft_digest) {
  const Rows rows = catalog.query(
      "SELECT version, status, draft_digest = $2::bytea FROM tablegate.api_version WHERE api_id = $1 ORDER "
      "BY version DESC LIMIT 1",
      {api.id, "\\x" + draft_digest});
  if (rows.empty()) return {};
  return {static_cast<int>(rows.integer(0, 0)), rows.string(0, 1), !rows.boolean(0, 2)};
}

std::vector<VersionSummary> list_versions(Database& catalog, const ApiRow& api) {
  const Rows rows = catalog.query(
      "SELECT v.version, v.status, v.message, v.author, to_char(v.committed_at, "
      "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
      " coalesce((SELECT json_agg(p.gateway ORDER BY p.gateway) FROM tablegate.published_api p"
      "   WHERE p.api_id = v.api_id AND v.version IN (p.version, p.canary_version)), '[]')::text,"
      " coalesce((SELECT string_agg(p.gateway || CASE v.version WHEN p.canary_version THEN"
      "   format(' (%s %%)', p.canary_weight) ELSE '' END, ', ' ORDER BY p.gateway) FROM "
      "tablegate.published_api p"
      "   WHERE p.api_id = v.api_id AND v.version IN (p.version, p.canary_version)), '-')"
      " FROM tablegate.api_version v WHERE v.api_id = $1 ORDER BY v.version",
      {api.id});
  std::vector<VersionSummary> versions;
  versions.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    versions.push_back({rows.integer(row, 0), rows.string(row, 1), rows.string(row, 2), rows.string(row, 3),
                        rows.string(row, 4), rows.string(row, 5), rows.string(row, 6)});
  }
  return versions;
}

}  // namespace tablegate::loader
