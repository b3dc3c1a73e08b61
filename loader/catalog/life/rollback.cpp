#include "catalog/life/rollback.hpp"

#include <fmt/format.h>

#include "catalog/life/versions.hpp"

namespace tablegate::loader {
namespace {

std::optional<int> served_version(Database& catalog, const ApiRow& api, const std::string& gateway) {
  const Rows rows = catalog.query(
      "SELECT version FROM tablegate.published_api WHERE gateway = $1 AND api_id = $2", {gateway, api.id});
  return rows.empty() ? std::nullopt : std::optional(static_cast<int>(rows.integer(0, 0)));
}

// A canary beside the only version that the gateway has served is taken off by another command.
void refuse_canary(Database& catalog, const ApiRow& api, const std::string& gateway) {
  const Rows rows = catalog.query(
      "SELECT canary_version, canary_weight FROM tablegate.published_api WHERE gateway = $1 AND api_id = $2 "
      "AND canary_version IS NOT NULL",
      {gateway, api.id});
  if (rows.empty()) return;
  throw Refused(
      fmt::format("{} served no version of API \"{}\" before this one; version {} is a canary for {} % "
                  "of consumers, and unpublish --version ends it",
                  gateway, api.name, rows.text(0, 0), rows.text(0, 1)),
      Hint::command({"api", "unpublish", api.name, "--version", rows.text(0, 0)}));
}

// From the history of the gateway's publications.
// An API that was taken off comes back on the service that it was on.
PublishChoice earlier_version(Database& catalog, const ApiRow& api, const std::string& gateway,
                              std::optional<int> served, std::optional<int> wanted) {
  const auto parameter = [](std::optional<int> value) {
    return value ? Parameter(std::to_string(*value)) : std::nullopt;
  };
  const Rows rows = catalog.query(
      "SELECT version, service FROM tablegate.publication WHERE gateway = $1 AND api_id = $2 AND version IS "
      "NOT NULL"
      " AND version = coalesce($4::integer, version) AND ($4::integer IS NOT NULL OR version IS DISTINCT "
      "FROM "
      "$3::integer) ORDER BY publication DESC LIMIT 1",
      {gateway, api.id, parameter(served), parameter(wanted)});
  if (!rows.empty()) {
    return {static_cast<int>(rows.integer(0, 0)),
            served || rows.null(0, 1) ? std::nullopt : std::optional(rows.string(0, 1))};
  }
  if (!wanted) refuse_canary(catalog, api, gateway);
  throw Refused(wanted ? fmt::format("version {} of API \"{}\" was never on {}", *wanted, api.name, gateway)
                       : fmt::format("{} served no other version of API \"{}\" before", gateway, api.name),
                Hint::command({"api", "versions", api.name}));
}

}  // namespace

std::vector<RolledBack> rollback_apis(Database& catalog, const std::vector<ApiRow>& apis,
                                      const std::string& gateway, std::optional<int> version) {
  std::vector<RolledBack> results;
  PublishRequest request;
  request.gateway = gateway;
  request.breaking = true;
  request.choose = [&](const ApiRow& api) {
    // What the audit calls this publication.
    catalog.query("SELECT pg_catalog.set_config('tablegate.step', 'rollback', true)");
    RolledBack& result = results.emplace_back();
    result.from = served_version(catalog, api, gateway);
    PublishChoice target = earlier_version(catalog, api, gateway, result.from, version);
    if (!result.from) return target;
    for (const ContractBreak& one : contract_breaks(read_version(catalog, api, *result.from).contract(),
                                                    read_version(catalog, api, *target.version).contract()))
      result.lost.push_back(one.text());
    return target;
  };
  const std::vector<Published> published = publish_apis(catalog, apis, request);
  for (size_t i = 0; i < published.size(); ++i) results[i].published = published[i];
  return results;
}

}  // namespace tablegate::loader
