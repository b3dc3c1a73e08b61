#include "node/snapshot.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/refusal.hpp"
#include "catalog/credentials/consumer_report.hpp"
#include "catalog/credentials/hmac_keys.hpp"
#include "catalog/credentials/jwt_settings.hpp"
#include "catalog/lookup.hpp"
#include "catalog/nodes.hpp"
#include "compile/openapi.hpp"
#include "node/domain_rows.hpp"

namespace tablegate::loader {
namespace {

void read_apis(Database& catalog, ManifestContents& contents) {
  std::map<std::string, std::vector<std::string>> domains;  // by REST API id
  const Rows bound = catalog.query(
      "SELECT rest_api_id, domain FROM tablegate.rest_api_domain WHERE gateway = $1 ORDER BY 1, 2",
      {contents.gateway});
  for (int row = 0; row < bound.size(); ++row) domains[bound.string(row, 0)].push_back(bound.string(row, 1));
  const Rows rows = catalog.query(
      "SELECT p.api_id, v.version, w.name, r.name, r.url_base, r.rest_api_id, p.service, v.definition, "
      "v.source, r.version_in, r.version_name, r.version, a.name,"
      " CASE v.version WHEN p.canary_version THEN p.canary_weight ELSE 0 END,"
      " extract(epoch FROM d.since)::bigint, extract(epoch FROM d.sunset)::bigint,"
      " b.name, b.definition::text"
      " FROM tablegate.published_api p JOIN tablegate.api_version v"
      " ON v.api_id = p.api_id AND v.version IN (p.version, p.canary_version)"
      " LEFT JOIN tablegate.api_deprecation d ON d.gateway = p.gateway AND d.api_id = p.api_id"
      " JOIN tablegate.api a ON a.api_id = p.api_id JOIN tablegate.workspace w USING (workspace_id)"
      " JOIN tablegate.business_process b USING (business_process_id)"
      " JOIN tablegate.rest_api r USING (rest_api_id) WHERE p.gateway = $1 ORDER BY p.api_id",
      {contents.gateway});
  for (int row = 0; row < rows.size(); ++row) {
    ApiEntry api;
    api.api_id = rows.integer(row, 0);
    api.version = static_cast<int>(rows.integer(row, 1));
    api.workspace = rows.string(row, 2);
    api.rest_api = rows.string(row, 3);
    api.base_path = rows.string(row, 4);
    if (const auto found = domains.find(rows.string(row, 5)); found != domains.end())
      api.domains = found->second;
    api.service = rows.string(row, 6);
    api.version_key = read_version_key(rows, row, 9);
    api.name = rows.string(row, 12);
    const std::string what = fmt::format("version {} of API \"{}\"", api.version, api.name);
    api.definition = read_api_definition(rows.string(row, 7), what);
    api.source = read_table_source(rows.string(row, 8), "the source of " + what);
    api.canary_weight = static_cast<int>(rows.integer(row, 13));
    if (!rows.null(row, 14)) {
      api.deprecated = rows.integer(row, 14);
      api.sunset = rows.integer(row, 15);
    }
    api.business_process = rows.string(row, 16);
    api.process_description = read_business_process_definition(
                                  rows.string(row, 17), "business process \"" + api.business_process + "\"")
                                  .description;
    (api.canary_weight == 0 ? contents.apis : contents.canaries).push_back(std::move(api));
  }
}

// Columns 2 and 3 of a query of keys. Rounded inwards to whole seconds: a key is never valid outside of its
// time.
constexpr const char* kValidity =
    "ceil(extract(epoch FROM not_before))::bigint, floor(extract(epoch FROM expires))::bigint";

Validity validity_of(const Rows& rows, int row) {
  Validity validity;
  if (!rows.null(row, 2)) validity.not_before = rows.integer(row, 2);
  if (!rows.null(row, 3)) validity.expires = rows.integer(row, 3);
  return validity;
}

// All consumers, not only those with an authorization: a valid key without one gets 403, not 401.
void read_consumers(Database& catalog, ManifestContents& contents) {
  std::map<std::string, size_t> places;
  const Rows consumers =
      catalog.query("SELECT consumer_id, name, enabled FROM tablegate.consumer ORDER BY name COLLATE \"C\"");
  for (int row = 0; row < consumers.size(); ++row) {
    places[consumers.string(row, 0)] = contents.consumers.size();
    ConsumerEntry consumer;
    consumer.name = consumers.string(row, 1);
    consumer.enabled = consumers.boolean(row, 2);
    contents.consumers.push_back(std::move(consumer));
  }
  const auto consumer_of = [&](const Rows& rows, int row) -> ConsumerEntry& {
    return contents.consumers[places.at(rows.string(row, 0))];
  };
  for (PublishedGrants& granted : published_grants(catalog, contents.gateway))
    contents.consumers[places.at(granted.consumer_id)].apis = std::move(granted.apis);
  const Rows keys = catalog.query(
      fmt::format("SELECT consumer_id, key_id, {}, encode(digest, 'hex') FROM tablegate.api_key", kValidity));
  for (int row = 0; row < keys.size(); ++row) {
    consumer_of(keys, row).keys.push_back({keys.string(row, 1), keys.string(row, 4), validity_of(keys, row)});
  }
  LazyMasterKey master(catalog);
  const Rows pairs = catalog.query(fmt::format(
      "SELECT consumer_id, key_id, {}, access_key, sealed_secret, profile FROM tablegate.hmac_key",
      kValidity));
  for (int row = 0; row < pairs.size(); ++row) {
    const std::string id = pairs.string(row, 1);
    consumer_of(pairs, row)
        .hmac_keys.push_back({id, pairs.string(row, 4),
                              open_hmac_secret(master.get(), id, pairs.text(row, 5)), pairs.string(row, 6),
                              validity_of(pairs, row)});
  }
  for (auto& [id, setting] : read_jwt_settings(catalog, master))
    contents.consumers[places.at(id)].jwt = std::move(setting);
}

ManifestContents read_contents(Database& catalog, const std::string& gateway, bool with_consumers) {
  Transaction transaction(catalog);
  catalog.script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
  ManifestContents contents;
  contents.gateway = gateway;
  const Rows rows = catalog.query(
      "SELECT publication, definition::text FROM tablegate.gateway_instance WHERE name = $1", {gateway});
  if (rows.empty()) throw Refused(fmt::format("no GatewayInstance \"{}\" is defined", gateway));
  contents.publication = static_cast<uint64_t>(rows.integer(0, 0));
  GatewayDefinition definition =
      read_gateway_definition(rows.string(0, 1), fmt::format("GatewayInstance \"{}\"", gateway));
  contents.address = std::move(definition.address);
  contents.http_listen = std::move(definition.http_listen);
  contents.https_listen = std::move(definition.https_listen);
  contents.revision = current_revision(catalog);
  read_domains(catalog, contents);
  read_apis(catalog, contents);
  if (with_consumers) read_consumers(catalog, contents);
  transaction.commit();
  return contents;
}

}  // namespace

ManifestContents read_snapshot(Database& catalog, const std::string& gateway) {
  ManifestContents contents = read_contents(catalog, gateway, true);
  contents.documents = openapi_documents(contents);
  return contents;
}

ManifestContents read_published(Database& catalog, const std::string& gateway) {
  return read_contents(catalog, gateway, false);
}

}  // namespace tablegate::loader
