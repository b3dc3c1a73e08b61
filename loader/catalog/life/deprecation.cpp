#include "catalog/life/deprecation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/row_lock.hpp"

namespace tablegate::loader {
namespace {

std::string published_version(Database& catalog, const ApiRow& api, const std::string& gateway) {
  const Rows rows = catalog.query(
      "SELECT version FROM tablegate.published_api WHERE gateway = $1 AND api_id = $2", {gateway, api.id});
  if (!rows.empty()) return rows.string(0, 0);
  throw Refused(fmt::format("API \"{}\" is not published on {}", api.name, gateway),
                Hint::command({"api", "versions", api.name}));
}

// True when something changed.
bool undo(Database& catalog, const ApiRow& api, const std::string& gateway) {
  return catalog
             .query(
                 "SELECT FROM tablegate.delete_as_operator('api_deprecation', "
                 "json_build_array(json_build_object('gateway', $1::text, 'api_id', $2::text)))",
                 {gateway, api.id})
             .affected() != 0;
}

bool set(Database& catalog, const ApiRow& api, const DeprecationRequest& request) {
  const Parameter since = request.since.empty() ? std::nullopt : Parameter(request.since);
  // Whole seconds: the headers have no others.
  const Rows times = catalog.query(
      "SELECT extract(epoch FROM t.since)::bigint, extract(epoch FROM t.sunset)::bigint, t.sunset < t.since,"
      " t.sunset <= now() FROM (SELECT date_trunc('second', coalesce("
      "$1::timestamptz, (SELECT since FROM tablegate.api_deprecation WHERE gateway = $3 AND api_id = $4), "
      "now())) AS since,"
      " date_trunc('second', $2::timestamptz) AS sunset) t",
      {since, request.sunset, request.gateway, api.id});
  if (times.boolean(0, 3)) {
    throw Refused(fmt::format("--sunset {} is over already", request.sunset),
                  Hint::again().set("--sunset", "DATE"));
  }
  if (times.boolean(0, 2)) {
    throw Refused(fmt::format("--sunset {} is before the time since when it is deprecated", request.sunset),
                  Hint::again().set("--sunset", "DATE"));
  }
  return catalog
             .query(
                 "INSERT INTO tablegate.api_deprecation AS d (gateway, api_id, since, sunset) VALUES ($1, "
                 "$2, to_timestamp($3::bigint),"
                 " to_timestamp($4::bigint))"
                 " ON CONFLICT (gateway, api_id) DO UPDATE SET since = excluded.since, sunset = "
                 "excluded.sunset,"
                 " deprecated_by = session_user, deprecated_at = clock_timestamp()"
                 " WHERE (d.since, d.sunset) <> (excluded.since, excluded.sunset)",
                 {request.gateway, api.id, times.string(0, 0), times.string(0, 1)})
             .affected() != 0;
}

}  // namespace

std::vector<Published> deprecate_apis(Database& catalog, const std::vector<ApiRow>& apis,
                                      const DeprecationRequest& request) {
  Transaction transaction(catalog);
  lock_catalog(catalog);
  std::vector<Published> results;
  for (const ApiRow& api : apis) {
    const std::string version = published_version(catalog, api, request.gateway);
    const bool changed = request.undo ? undo(catalog, api, request.gateway) : set(catalog, api, request);
    const int number = std::stoi(version);
    results.push_back({api.name, number, 0, !changed, 100, number});
  }
  number_publications(catalog, request.gateway, apis, results);
  transaction.commit();
  return results;
}

}  // namespace tablegate::loader
