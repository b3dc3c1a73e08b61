#include "catalog/life/served_api.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/sql_array.hpp"
#include "catalog/life/drafts.hpp"
#include "catalog/life/versions.hpp"
#include "compile/script_page.hpp"
#include "model/gateway_definition.hpp"

namespace tablegate::loader {

namespace {

constexpr const char* kTime = R"('YYYY-MM-DD"T"HH24:MI:SS"Z"')";

using Key = std::pair<std::string, std::string>;
using Gateways = std::map<std::string, GatewayDefinition>;

// By name.
Gateways read_gateways(Database& catalog, const std::string& gateway) {
  const Rows rows = catalog.query(
      "SELECT name, definition::text FROM tablegate.gateway_instance WHERE $1 = '' OR name = $1", {gateway});
  if (rows.empty() && !gateway.empty()) find_gateway(catalog, gateway);  // names those there are
  Gateways gateways;
  for (int row = 0; row < rows.size(); ++row) {
    gateways.emplace(rows.string(row, 0),
                     read_gateway_definition(rows.string(row, 1),
                                             fmt::format("GatewayInstance \"{}\"", rows.text(row, 0))));
  }
  return gateways;
}

// The URLs of each REST API's domains on each gateway, by gateway and id of the REST API. The one to call
// first is the first: over TLS where there is one.
std::map<Key, std::vector<std::string>> domain_urls(Database& catalog, const std::vector<ApiRow>& apis,
                                                    const std::string& gateway, const Gateways& gateways) {
  std::set<std::string> ids;
  for (const ApiRow& api : apis) ids.insert(api.rest_api_id);
  const Rows rows = catalog.query(
      "SELECT r.gateway, r.rest_api_id, d.name, d.definition::text FROM tablegate.rest_api_domain r"
      " JOIN tablegate.domain d ON d.name = r.domain"
      " WHERE r.rest_api_id = ANY ($1::bigint[]) AND ($2 = '' OR r.gateway = $2) ORDER BY d.name",
      {sql_array({ids.begin(), ids.end()}), gateway});
  std::map<Key, std::vector<std::string>> secure, plain;
  for (int row = 0; row < rows.size(); ++row) {
    const DomainDefinition domain =
        read_domain_definition(rows.string(row, 3), fmt::format("Domain \"{}\"", rows.text(row, 2)));
    const GatewayDefinition& listens = gateways.at(rows.string(row, 0));
    (domain.protocol == "HTTPS" ? secure : plain)[{rows.string(row, 0), rows.string(row, 1)}].push_back(
        domain.url(listens.http_listen, listens.https_listen));
  }
  for (const auto& [key, urls] : plain) {
    std::vector<std::string>& all = secure[key];
    all.insert(all.end(), urls.begin(), urls.end());
  }
  return secure;
}

// By id.
std::unordered_map<std::string, size_t> places_of(const std::vector<ApiRow>& apis) {
  std::unordered_map<std::string, size_t> places;
  for (size_t i = 0; i < apis.size(); ++i) places[apis[i].id] = i;
  return places;
}

ServedApi draft_of(const ApiRow& api) {
  ServedApi served;
  served.name = api.name;
  served.text = api.definition;
  served.definition = api.draft();
  served.base_path = api.base_path;
  served.version_key = api.version_key;
  return served;
}

}  // namespace

std::vector<ServedApi> find_served(Database& catalog, const std::vector<ApiRow>& apis,
                                   const std::string& gateway) {
  const Gateways gateways = read_gateways(catalog, gateway);
  const std::map<Key, std::vector<std::string>> urls = domain_urls(catalog, apis, gateway, gateways);
  const Rows rows = catalog.query(
      "SELECT DISTINCT ON (p.api_id) p.api_id, p.gateway, p.version, v.definition::text"
      " FROM tablegate.published_api p JOIN tablegate.api_version v USING (api_id, version)"
      " WHERE p.api_id = ANY ($1::bigint[]) AND ($2 = '' OR p.gateway = $2) ORDER BY p.api_id, p.gateway",
      {id_array(apis), gateway});
  std::unordered_map<std::string, int> published;  // the row of an API
  for (int row = 0; row < rows.size(); ++row) published[rows.string(row, 0)] = row;
  std::vector<ServedApi> all;
  all.reserve(apis.size());
  for (const ApiRow& api : apis) {
    ServedApi& served = all.emplace_back(draft_of(api));
    const auto found = published.find(api.id);
    if (found == published.end()) {
      if (gateways.size() == 1) {
        served.gateway = gateways.begin()->first;
        served.address = gateways.begin()->second.address;
      }
      continue;
    }
    const int row = found->second;
    served.gateway = rows.string(row, 1);
    served.address = gateways.at(served.gateway).address;
    served.version = static_cast<int>(rows.integer(row, 2));
    served.text = rows.string(row, 3);
    served.definition =
        read_api_definition(served.text, fmt::format("version {} of API \"{}\"", served.version, api.name));
    if (const auto known = urls.find({served.gateway, api.rest_api_id}); known != urls.end())
      served.domains = known->second;
  }
  return all;
}

ServedApi find_served(Database& catalog, const ApiRow& api, const std::string& gateway) {
  return std::move(find_served(catalog, std::vector<ApiRow>{api}, gateway).front());
}

namespace {

PageCursors page_cursors(const ApiDefinition& definition, const ApiSource& source) {
  if (definition.is_script() && source.columns.empty()) return PageCursors::untested;
  return cursor_sort(definition, source).empty() ? PageCursors::none : PageCursors::some;
}

}  // namespace

std::vector<PageCursors> served_cursors(Database& catalog, const std::vector<ApiRow>& apis,
                                        const std::vector<ServedApi>& served) {
  std::vector<const ApiRow*> published;
  std::vector<int> versions;
  std::set<std::string> tables;  // of drafts
  for (size_t i = 0; i < apis.size(); ++i) {
    if (!served[i].definition.paginates()) continue;
    if (served[i].version == 0) {
      tables.insert(apis[i].tables.begin(), apis[i].tables.end());
    } else {
      published.push_back(&apis[i]);
      versions.push_back(served[i].version);
    }
  }
  const std::vector<StoredVersion> stored =
      published.empty() ? std::vector<StoredVersion>() : read_versions(catalog, published, versions);
  const std::map<std::string, TableInfo> infos = tables.empty()
                                                     ? std::map<std::string, TableInfo>()
                                                     : find_tables(catalog, {tables.begin(), tables.end()});
  std::vector<PageCursors> all;
  size_t next = 0;  // of `stored`
  for (size_t i = 0; i < apis.size(); ++i) {
    if (!served[i].definition.paginates()) {
      all.push_back(PageCursors::none);
    } else if (served[i].version == 0) {
      // Of a script the last test knows the columns.
      const ApiSource source =
          apis[i].script ? find_draft(catalog, apis[i]).against : draft_source(apis[i], infos);
      all.push_back(page_cursors(served[i].definition, source));
    } else {
      all.push_back(page_cursors(served[i].definition, stored[next++].contract().source));
    }
  }
  return all;
}

std::vector<std::vector<Served>> served_everywhere(Database& catalog, const std::vector<ApiRow>& apis) {
  const std::unordered_map<std::string, size_t> places = places_of(apis);
  const Rows rows = catalog.query(
      fmt::format(
          "SELECT p.api_id, p.gateway, p.version, p.canary_version, p.canary_weight,"
          " to_char(d.since AT TIME ZONE 'UTC', {0}), to_char(d.sunset AT TIME ZONE 'UTC', {0})"
          " FROM tablegate.published_api p LEFT JOIN tablegate.api_deprecation d USING (gateway, api_id)"
          " WHERE p.api_id = ANY ($1::bigint[]) ORDER BY p.gateway",
          kTime),
      {id_array(apis)});
  std::vector<std::vector<Served>> all(apis.size());
  for (int row = 0; row < rows.size(); ++row) {
    Served& served = all[places.at(rows.string(row, 0))].emplace_back();
    served.gateway = rows.string(row, 1);
    served.version = static_cast<int>(rows.integer(row, 2));
    if (!rows.null(row, 3))
      served.canary = Canary{static_cast<int>(rows.integer(row, 3)), static_cast<int>(rows.integer(row, 4))};
    if (!rows.null(row, 5)) served.deprecation = Deprecation{rows.string(row, 5), rows.string(row, 6)};
  }
  return all;
}

std::vector<std::string> gateways_of(Database& catalog, const Workspace& workspace, const std::string& api) {
  return first_column(catalog.query(
      "SELECT DISTINCT p.gateway FROM tablegate.published_api p JOIN tablegate.api a USING (api_id)"
      " WHERE a.workspace_id = $1 AND a.name = $2 ORDER BY 1",
      {workspace.id, api}));
}

std::vector<std::vector<VersionSummary>> list_versions(Database& catalog, const std::vector<ApiRow>& apis) {
  const std::unordered_map<std::string, size_t> places = places_of(apis);
  const Rows rows = catalog.query(
      "SELECT v.api_id, v.version, v.status, v.message, v.author, to_char(v.committed_at, "
      "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
      " coalesce((SELECT json_agg(p.gateway ORDER BY p.gateway) FROM tablegate.published_api p"
      "   WHERE p.api_id = v.api_id AND v.version IN (p.version, p.canary_version)), '[]')::text,"
      " coalesce((SELECT string_agg(p.gateway || CASE v.version WHEN p.canary_version THEN"
      "   format(' (%s %%)', p.canary_weight) ELSE '' END, ', ' ORDER BY p.gateway) FROM "
      "tablegate.published_api p"
      "   WHERE p.api_id = v.api_id AND v.version IN (p.version, p.canary_version)), '-'),"
      " to_json(v.allow_scan)::text"
      " FROM tablegate.api_version v WHERE v.api_id = ANY ($1::bigint[]) ORDER BY v.version",
      {id_array(apis)});
  std::vector<std::vector<VersionSummary>> versions(apis.size());
  for (int row = 0; row < rows.size(); ++row) {
    versions[places.at(rows.string(row, 0))].push_back(
        {rows.integer(row, 1), rows.string(row, 2), rows.string(row, 3), rows.string(row, 4),
         rows.string(row, 5), rows.string(row, 6), rows.string(row, 7), rows.string(row, 8)});
  }
  return versions;
}

}  // namespace tablegate::loader
