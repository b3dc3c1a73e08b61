#include "node/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/refusal.hpp"
#include "catalog/credentials/consumer_report.hpp"
#include "catalog/credentials/gateway_keys.hpp"
#include "catalog/credentials/hmac_keys.hpp"
#include "catalog/credentials/jwt_settings.hpp"
#include "catalog/domains_in_use.hpp"
#include "catalog/lookup.hpp"
#include "catalog/nodes.hpp"
#include "node/source_digest.hpp"
#include "node/written_secrets.hpp"

namespace tablegate::loader {
namespace {

// The domains of REST APIs, by REST API id. A domain that is left out (domains_in_use.hpp) is in no list, but
// the REST API is in the map: its APIs must not be served on every host instead.
std::map<std::string, std::vector<std::string>> read_bound_domains(Database& catalog,
                                                                   const ManifestContents& contents,
                                                                   SourceDigest& source) {
  std::set<std::string> whole;
  for (const DomainDefinition& domain : contents.domains) whole.insert(domain.name);
  std::map<std::string, std::vector<std::string>> domains;
  const Rows bound = catalog.query(
      "SELECT rest_api_id, domain FROM tablegate.rest_api_domain WHERE gateway = $1 ORDER BY 1, 2",
      {contents.gateway});
  source.add(bound);
  for (int row = 0; row < bound.size(); ++row) {
    std::vector<std::string>& names = domains[bound.string(row, 0)];
    if (whole.count(bound.string(row, 1)) != 0) names.push_back(bound.string(row, 1));
  }
  return domains;
}

ApiEntry read_api_row(const Rows& rows, int row) {
  ApiEntry api;
  api.api_id = rows.integer(row, 0);
  api.version = static_cast<int>(rows.integer(row, 1));
  api.workspace = rows.string(row, 2);
  api.rest_api = rows.string(row, 3);
  api.base_path = rows.string(row, 4);
  api.service = rows.string(row, 6);
  api.version_key = read_version_key(rows, row, 9);
  api.name = rows.string(row, 12);
  const std::string what = fmt::format("version {} of API \"{}\"", api.version, api.name);
  api.definition = read_api_definition(rows.string(row, 7), what);
  api.source = read_api_source(rows.string(row, 8), "the source of " + what);
  api.canary_weight = static_cast<int>(rows.integer(row, 13));
  if (!rows.null(row, 14)) {
    api.deprecated = rows.integer(row, 14);
    api.sunset = rows.integer(row, 15);
  }
  api.business_process = rows.string(row, 16);
  api.process_description = read_business_process_definition(
                                rows.string(row, 17), "business process \"" + api.business_process + "\"")
                                .description;
  return api;
}

// Not read when a manifest of the same source, `known`, is there.
void read_apis(Database& catalog, ManifestContents& contents, SourceDigest& source, const std::string& known,
               std::vector<std::string>& faults) {
  const std::map<std::string, std::vector<std::string>> domains =
      read_bound_domains(catalog, contents, source);
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
  source.add(rows);
  for (int row = 0; row < rows.size(); ++row) contents.api_count += rows.integer(row, 13) == 0 ? 1 : 0;
  contents.source = source.finish();
  contents.is_known = faults.empty() && contents.source == known;
  if (contents.is_known) return;
  for (int row = 0; row < rows.size(); ++row) {
    try {
      ApiEntry api = read_api_row(rows, row);
      if (const auto found = domains.find(rows.string(row, 5)); found != domains.end()) {
        api.domains = found->second;
        if (api.domains.empty()) throw Refused("none of its domains can be used");
      }
      (api.canary_weight == 0 ? contents.apis : contents.canaries).push_back(std::move(api));
    } catch (const Failure& failure) {
      faults.push_back(fmt::format("API \"{}\" version {} is left out: {}", rows.text(row, 12),
                                   rows.text(row, 1), failure.what()));
    }
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

constexpr size_t kNamed = 5;

// "A, B and 7 more cannot be opened: REASON; ..."
std::string not_opened(const std::vector<std::string>& what, const std::string& reason) {
  std::string text;
  for (size_t i = 0; i < std::min(what.size(), kNamed); ++i) text += (i == 0 ? "" : ", ") + what[i];
  if (what.size() > kNamed) text += fmt::format(" and {} more", what.size() - kNamed);
  return fmt::format(
      "{} cannot be opened: {}; HMAC key pairs and keys of gateways that nginx has already stay valid, "
      "everything else of these is left out",
      text, reason);
}

// All consumers, not only those with an authorization: a valid key without one gets 403, not 401.
void read_consumers(Database& catalog, ManifestContents& contents, const WrittenSecrets& written,
                    std::vector<std::string>& faults, Hint& next) {
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
  std::map<std::string, std::vector<std::string>> closed;  // what cannot be opened, by the reason
  const auto close = [&](const Failure& failure, const std::string& what) {
    closed[failure.what()].push_back(what);
    if (next.kind() == Hint::Kind::none) next = failure.next();
  };
  for (int row = 0; row < pairs.size(); ++row) {
    HmacKeyEntry pair{
        pairs.string(row, 1), pairs.string(row, 4), {}, pairs.string(row, 6), validity_of(pairs, row)};
    try {
      pair.secret = open_hmac_secret(master.get(), pair.id, pairs.text(row, 5));
    } catch (const Failure& failure) {
      if (!catalog.usable()) throw;
      close(failure, "HMAC key pair " + pair.id);
      // A pair's secret never changes. What nginx has of a pair that is not revoked stays.
      const std::string* const secret = written.find(pair.id, pair.access_key);
      if (secret == nullptr) continue;
      pair.secret = *secret;
    }
    consumer_of(pairs, row).hmac_keys.push_back(std::move(pair));
  }
  const auto on_fault = [&](const std::string& id, const Failure& failure) {
    close(failure, fmt::format("JWT setting of consumer \"{}\"", contents.consumers[places.at(id)].name));
  };
  for (auto& [id, setting] : read_jwt_settings(catalog, master, on_fault))
    contents.consumers[places.at(id)].jwt = std::move(setting);
  std::vector<GatewayKeyEntry> kept;
  contents.keys = read_gateway_keys(catalog, contents.gateway, master,
                                    [&](const std::string& name, const Failure& failure) {
                                      close(failure, fmt::format("the {} key", name));
                                      if (const std::string* const key = written.gateway_key(name))
                                        kept.push_back({name, *key});
                                    });
  contents.keys.insert(contents.keys.end(), kept.begin(), kept.end());
  for (const auto& [reason, what] : closed) faults.push_back(not_opened(what, reason));
}

// Without consumers; inside a transaction.
ManifestContents read_contents(Database& catalog, const std::string& gateway, const std::string& known,
                               std::vector<std::string>& faults) {
  ManifestContents contents;
  contents.gateway = gateway;
  const Rows rows = catalog.query(
      "SELECT publication, definition::text FROM tablegate.gateway_instance WHERE name = $1", {gateway});
  if (rows.empty()) throw Refused(fmt::format("no GatewayInstance \"{}\" is defined", gateway));
  contents.publication = static_cast<uint64_t>(rows.integer(0, 0));
  SourceDigest source;
  source.add(gateway);
  source.add(rows);
  try {
    GatewayDefinition definition =
        read_gateway_definition(rows.string(0, 1), fmt::format("GatewayInstance \"{}\"", gateway));
    contents.address = std::move(definition.address);
    contents.http_listen = std::move(definition.http_listen);
    contents.https_listen = std::move(definition.https_listen);
  } catch (const Failure& failure) {
    faults.emplace_back(failure.what());
    contents.http_listen.clear();  // domains.conf stays as it is
    contents.https_listen.clear();
  }
  contents.revision = current_revision(catalog);
  contents.domains = domains_in_use(catalog, gateway, &faults);
  for (const DomainDefinition& domain : contents.domains)
    source.add(fmt::format("{} {} {}", domain.protocol, domain.force_https, domain.name));
  read_apis(catalog, contents, source, known, faults);
  if (!faults.empty()) contents.source.clear();
  return contents;
}

void begin_snapshot(Database& catalog) {
  catalog.script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

}  // namespace

ManifestContents read_snapshot(Database& catalog, const std::string& gateway, const OutputFolder& folder,
                               const std::string& known, std::vector<std::string>& faults, Hint& next) {
  Transaction transaction(catalog);
  begin_snapshot(catalog);
  ManifestContents contents = read_contents(catalog, gateway, known, faults);
  read_consumers(catalog, contents, WrittenSecrets(folder), faults, next);
  transaction.commit();
  return contents;
}

ManifestContents read_published(Database& catalog, const std::string& gateway) {
  Transaction transaction(catalog);
  begin_snapshot(catalog);
  std::vector<std::string> faults;
  ManifestContents contents = read_contents(catalog, gateway, {}, faults);
  if (!faults.empty()) throw Refused(faults.front(), Hint::command({"doctor"}));
  transaction.commit();
  return contents;
}

}  // namespace tablegate::loader
