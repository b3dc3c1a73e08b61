#include "catalog/life/deprecation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tablegate::loader {
namespace {

constexpr const char* kTime = R"('YYYY-MM-DD"T"HH24:MI:SS"Z"')";

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
             .query("DELETE FROM tablegate.api_deprecation WHERE gateway = $1 AND api_id = $2",
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
    Published result{api.name, std::stoi(version), 0, !changed};
    result.publication = changed ? next_publication(catalog, request.gateway, api.id, version)
                                 : publication_of(catalog, request.gateway);
    results.push_back(result);
  }
  const bool changed =
      std::any_of(results.begin(), results.end(), [](const Published& one) { return !one.unchanged; });
  if (changed) notify_change(catalog, request.gateway);
  transaction.commit();
  return results;
}

std::optional<Deprecation> find_deprecation(Database& catalog, const std::string& gateway,
                                            const std::string& api_id) {
  const Rows rows = catalog.query(
      fmt::format("SELECT to_char(since AT TIME ZONE 'UTC', {0}), to_char(sunset AT TIME ZONE 'UTC', {0})"
                  " FROM tablegate.api_deprecation WHERE gateway = $1 AND api_id = $2",
                  kTime),
      {gateway, api_id});
  if (rows.empty()) return std::nullopt;
  return Deprecation{rows.string(0, 0), rows.string(0, 1)};
}

}  // namespace tablegate::loader
