#include "catalog/life/publish_states.hpp"

#include "base/sql_array.hpp"

namespace tablegate::loader {

std::vector<PublishState> read_publish_states(Database& catalog, const std::string& gateway,
                                              const std::vector<ApiRow>& apis,
                                              const std::vector<std::optional<int>>& versions) {
  SqlArray chosen;
  for (const std::optional<int>& version : versions)
    chosen.add_or_null(version ? Parameter(std::to_string(*version)) : std::nullopt);
  const Rows rows = catalog.query(
      "SELECT v.version, v.status, v.resource_group, p.version, p.service, pv.resource_group, "
      "p.canary_version, cv.resource_group"
      " FROM unnest($2::bigint[], $3::integer[]) WITH ORDINALITY AS x (api_id, chosen, place)"
      " LEFT JOIN LATERAL (SELECT version, status, resource_group FROM tablegate.api_version v"
      "  WHERE v.api_id = x.api_id AND (x.chosen IS NULL OR v.version = x.chosen) ORDER BY v.version DESC "
      "LIMIT 1) v "
      "ON true"
      " LEFT JOIN tablegate.published_api p ON p.gateway = $1 AND p.api_id = x.api_id"
      " LEFT JOIN tablegate.api_version pv ON pv.api_id = p.api_id AND pv.version = p.version"
      " LEFT JOIN tablegate.api_version cv ON cv.api_id = p.api_id AND cv.version = p.canary_version"
      " ORDER BY x.place",
      {gateway, id_array(apis), chosen.take()});
  std::vector<PublishState> states(apis.size());
  for (int row = 0; row < rows.size(); ++row) {
    PublishState& state = states[static_cast<size_t>(row)];
    if (!rows.null(row, 0)) {
      state.version = static_cast<int>(rows.integer(row, 0));
      state.status = rows.string(row, 1);
      state.group = rows.string(row, 2);
    }
    if (rows.null(row, 3)) continue;
    state.now = {static_cast<int>(rows.integer(row, 3)), rows.string(row, 4), rows.string(row, 5),
                 rows.null(row, 6) ? 0 : static_cast<int>(rows.integer(row, 6)), rows.string(row, 7)};
  }
  return states;
}

}  // namespace tablegate::loader
