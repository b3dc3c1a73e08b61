#include "catalog/life/route_conflicts.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/sql_array.hpp"
#include "catalog/lookup.hpp"
#include "core/route/router.hpp"

namespace tablegate::loader {

namespace {

// The routes of published APIs whose version or domains changed, some perhaps twice.
std::vector<std::string> changed_routes(Database& catalog, const std::string& gateway,
                                        const ChangedRoutes& changed) {
  std::vector<std::string> routes = first_column(catalog.query(
      "SELECT route FROM tablegate.published_api WHERE gateway = $1 AND api_id = ANY ($2::bigint[])",
      {gateway, sql_array(changed.apis)}));
  if (changed.rest_apis.empty()) return routes;
  const std::vector<std::string> moved = first_column(catalog.query(
      "SELECT p.route FROM tablegate.business_process b JOIN tablegate.api a USING (business_process_id)"
      " JOIN tablegate.published_api p ON p.gateway = $1 AND p.api_id = a.api_id WHERE b.rest_api_id = ANY "
      "($2::bigint[])",
      {gateway, sql_array(changed.rest_apis)}));
  routes.insert(routes.end(), moved.begin(), moved.end());
  return routes;
}

}  // namespace

// Without a join of the table with itself: PostgreSQL has no statistics of the rows that this transaction
// wrote, and may then compare each with each.
void refuse_route_conflicts(Database& catalog, const std::string& gateway, const ChangedRoutes& changed) {
  const std::vector<std::string> shared = first_column(catalog.query(
      "SELECT route FROM tablegate.published_api WHERE gateway = $1 AND route = ANY ($2::text[])"
      " GROUP BY route HAVING count(*) > 1",
      {gateway, sql_array(changed_routes(catalog, gateway, changed))}));
  if (shared.empty()) return;
  const Rows rows = catalog.query(
      "SELECT a.name, p.route, v.method, r.url_base, v.path, d.domain, r.version_in, r.version_name, "
      "r.version"
      " FROM tablegate.published_api p JOIN tablegate.api_version v USING (api_id, version) JOIN "
      "tablegate.api a USING (api_id)"
      " JOIN tablegate.business_process b USING (business_process_id) JOIN tablegate.rest_api r USING "
      "(rest_api_id)"
      " LEFT JOIN tablegate.rest_api_domain d ON d.gateway = p.gateway AND d.rest_api_id = r.rest_api_id"
      " WHERE p.gateway = $1 AND p.route = ANY ($2::text[]) ORDER BY a.api_id, d.domain",
      {gateway, sql_array(shared)});
  std::map<std::pair<std::string, std::string>, std::vector<int>> taken;  // rows of a route on a domain
  for (int i = 0; i < rows.size(); ++i) {
    std::vector<int>& others = taken[{rows.string(i, 1), rows.string(i, 5)}];
    for (const int other : others) {
      if (!core::could_mean_both(read_version_key(rows, other, 6), read_version_key(rows, i, 6))) continue;
      throw Refused(
          fmt::format("APIs \"{}\" and \"{}\" both answer {} {} on {}", rows.text(other, 0), rows.text(i, 0),
                      rows.text(i, 2), join_path(rows.string(i, 3), rows.string(i, 4)),
                      rows.null(i, 5) ? std::string("any host") : "domain " + rows.string(i, 5)),
          Hint::command({"api", "versions", rows.text(other, 0)}));
    }
    others.push_back(i);
  }
}

}  // namespace tablegate::loader
