#include "catalog/life/served_api.hpp"

namespace tablegate::loader {

ServedApi find_served(Database& catalog, const ApiRow& api, const std::string& gateway) {
  ServedApi served;
  served.definition = api.definition;
  served.base_path = api.base_path;
  served.version_key = api.version_key;
  const Rows rows = catalog.query(
      "SELECT g.name, coalesce(g.definition ->> 'address', ''), v.version, v.definition::text FROM "
      "tablegate.gateway_instance g"
      " LEFT JOIN tablegate.published_api p ON p.gateway = g.name AND p.api_id = $1"
      " LEFT JOIN tablegate.api_version v ON v.api_id = p.api_id AND v.version = p.version"
      " WHERE $2 = '' OR g.name = $2 ORDER BY v.version IS NULL, g.name",
      {api.id, gateway});
  if (rows.empty() && !gateway.empty()) find_gateway(catalog, gateway);  // names those there are
  if (rows.empty() || (rows.size() > 1 && rows.null(0, 2))) return served;
  served.gateway = rows.string(0, 0);
  served.address = rows.string(0, 1);
  if (rows.null(0, 2)) return served;
  served.version = static_cast<int>(rows.integer(0, 2));
  served.definition = rows.string(0, 3);
  const Rows domains = catalog.query(
      "SELECT lower(coalesce(d.definition ->> 'protocol', 'HTTP')) || '://' || d.name FROM "
      "tablegate.rest_api_domain r"
      " JOIN tablegate.domain d ON d.name = r.domain WHERE r.gateway = $1 AND r.rest_api_id = $2"
      // The one to call first: over TLS where there is one.
      " ORDER BY d.definition ->> 'protocol' IS DISTINCT FROM 'HTTPS', d.name",
      {served.gateway, api.rest_api_id});
  served.domains = first_column(domains);
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
  for (int row = 0; row < rows.size(); ++row) {
    versions.push_back({rows.integer(row, 0), rows.string(row, 1), rows.string(row, 2), rows.string(row, 3),
                        rows.string(row, 4), rows.string(row, 5), rows.string(row, 6)});
  }
  return versions;
}

}  // namespace tablegate::loader
