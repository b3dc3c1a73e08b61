#include "catalog/life/route_conflicts.hpp"

#include <fmt/format.h>

#include "base/sql_array.hpp"
#include "catalog/lookup.hpp"
#include "core/route/router.hpp"

namespace tablegate::loader {

namespace {

// Published APIs whose route or domains changed. Ids, some perhaps twice.
std::vector<std::string> changed_apis(Database& catalog, const std::string& gateway,
                                      const ChangedRoutes& changed) {
  std::vector<std::string> ids = changed.apis;
  if (changed.rest_apis.empty()) return ids;
  const std::vector<std::string> moved = first_column(catalog.query(
      "SELECT p.api_id FROM tablegate.business_process b JOIN tablegate.api a USING (business_process_id)"
      " JOIN tablegate.published_api p ON p.gateway = $1 AND p.api_id = a.api_id WHERE b.rest_api_id = ANY "
      "($2::bigint[])",
      {gateway, sql_array(changed.rest_apis)}));
  ids.insert(ids.end(), moved.begin(), moved.end());
  return ids;
}

}  // namespace

void refuse_route_conflicts(Database& catalog, const std::string& gateway, const ChangedRoutes& changed) {
  const std::vector<std::string> ids = changed_apis(catalog, gateway, changed);
  if (ids.empty()) return;
  // Pairs in the order of their APIs; `f` was defined first. A pair of which both changed is found twice.
  const Rows rows = catalog.query(
      "WITH pairs AS (SELECT DISTINCT least(c.api_id, o.api_id) AS f, greatest(c.api_id, o.api_id) AS s"
      "  FROM tablegate.published_api c"
      "  JOIN tablegate.published_api o ON o.gateway = $1 AND o.route = c.route AND o.api_id <> c.api_id"
      "  WHERE c.gateway = $1 AND c.api_id = ANY ($2::bigint[]))"
      " SELECT fa.name, sa.name, v.method, sr.url_base, v.path, sd.domain,"
      " fr.version_in, fr.version_name, fr.version, sr.version_in, sr.version_name, sr.version FROM pairs"
      " JOIN tablegate.api fa ON fa.api_id = f JOIN tablegate.business_process fb ON fb.business_process_id "
      "= "
      "fa.business_process_id JOIN tablegate.rest_api fr ON fr.rest_api_id = fb.rest_api_id"
      " JOIN tablegate.api sa ON sa.api_id = s JOIN tablegate.business_process sb ON sb.business_process_id "
      "= "
      "sa.business_process_id JOIN tablegate.rest_api sr ON sr.rest_api_id = sb.rest_api_id"
      " JOIN tablegate.published_api p ON p.gateway = $1 AND p.api_id = s"
      " JOIN tablegate.api_version v ON v.api_id = s AND v.version = p.version"
      " LEFT JOIN tablegate.rest_api_domain fd ON fd.gateway = $1 AND fd.rest_api_id = fr.rest_api_id"
      " LEFT JOIN tablegate.rest_api_domain sd ON sd.gateway = $1 AND sd.rest_api_id = sr.rest_api_id"
      " WHERE fd.domain IS NOT DISTINCT FROM sd.domain ORDER BY s, f, sd.domain",
      {gateway, sql_array(ids)});
  for (int i = 0; i < rows.size(); ++i) {
    if (!core::could_mean_both(read_version_key(rows, i, 6), read_version_key(rows, i, 9))) continue;
    throw Refused(
        fmt::format("APIs \"{}\" and \"{}\" both answer {} {} on {}", rows.text(i, 0), rows.text(i, 1),
                    rows.text(i, 2), join_path(rows.string(i, 3), rows.string(i, 4)),
                    rows.null(i, 5) ? std::string("any host") : "domain " + rows.string(i, 5)),
        fmt::format("tablegate api unpublish \"{}\"", rows.text(i, 0)));
  }
}

}  // namespace tablegate::loader
