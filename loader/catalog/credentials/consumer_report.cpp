#include "catalog/credentials/consumer_report.hpp"

#include "base/sql_array.hpp"

namespace tablegate::loader {
namespace {

std::optional<std::string> text(const Rows& rows, int row, int column) {
  return rows.null(row, column) ? std::nullopt : std::optional(rows.string(row, column));
}

}  // namespace

std::vector<ConsumerSummary> list_consumers(Database& catalog) {
  const Rows rows = catalog.query(
      "WITH keys AS (SELECT consumer_id, count(*) AS count FROM (SELECT consumer_id FROM tablegate.api_key "
      "UNION "
      "ALL SELECT consumer_id FROM tablegate.hmac_key) k GROUP BY consumer_id),"
      " grants AS (SELECT consumer_id, count(*) AS count FROM tablegate.authorization GROUP BY consumer_id)"
      " SELECT c.name, c.enabled, coalesce(w.name, ''), coalesce(k.count, 0), coalesce(z.count, 0),"
      " j.consumer_id IS NOT NULL FROM tablegate.consumer c LEFT JOIN tablegate.workspace w USING "
      "(workspace_id)"
      " LEFT JOIN keys k ON k.consumer_id = c.consumer_id LEFT JOIN grants z ON z.consumer_id = c.consumer_id"
      " LEFT JOIN tablegate.jwt_setting j ON j.consumer_id = c.consumer_id ORDER BY c.name COLLATE \"C\"");
  std::vector<ConsumerSummary> consumers;
  consumers.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    consumers.push_back({rows.string(row, 0), rows.boolean(row, 1), rows.string(row, 2), rows.integer(row, 3),
                         rows.integer(row, 4), rows.boolean(row, 5)});
  }
  return consumers;
}

std::vector<KeySummary> keys_of(Database& catalog, const Consumer& consumer) {
  const Rows rows = catalog.query(
      "WITH keys AS (SELECT key_id, 'api_key' AS type, label, not_before, expires, created_at, NULL AS "
      "access_key,"
      " NULL AS profile FROM tablegate.api_key WHERE consumer_id = $1 UNION ALL SELECT key_id, 'hmac', label,"
      " not_before, expires, created_at, access_key, profile FROM tablegate.hmac_key WHERE consumer_id = $1),"
      " format AS (SELECT 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"' AS iso)"
      " SELECT key_id, type, label, to_char(not_before, iso), to_char(expires, iso), to_char(created_at, "
      "iso),"
      " CASE WHEN expires <= now() THEN 'expired' WHEN not_before > now() THEN 'not yet valid' ELSE 'valid' "
      "END,"
      " access_key, profile FROM keys, format ORDER BY created_at, key_id",
      {consumer.id});
  std::vector<KeySummary> keys;
  keys.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    keys.push_back({rows.string(row, 0), rows.string(row, 1), rows.string(row, 2), text(rows, row, 3),
                    text(rows, row, 4), rows.string(row, 5), rows.string(row, 6), text(rows, row, 7),
                    text(rows, row, 8)});
  }
  return keys;
}

std::vector<Grant> grants_of(Database& catalog, const Consumer& consumer) {
  const Rows rows = catalog.query(
      "SELECT a.name, r.name, r.version FROM tablegate.authorization z LEFT JOIN tablegate.api a USING "
      "(api_id)"
      " LEFT JOIN tablegate.rest_api r ON r.rest_api_id = z.rest_api_id WHERE z.consumer_id = $1 ORDER BY 1, "
      "2, 3",
      {consumer.id});
  std::vector<Grant> grants;
  grants.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row)
    grants.push_back({rows.string(row, 0), rows.string(row, 1), rows.string(row, 2)});
  return grants;
}

std::vector<PublishedGrants> published_grants(Database& catalog, const std::string& gateway) {
  // UNION ALL of the three ways, each by its own index: with OR in one join every consumer is compared with
  // every API.
  const Rows rows = catalog.query(
      "SELECT z.consumer_id, array_agg(DISTINCT p.api_id) FROM ("
      "SELECT g.consumer_id, g.api_id FROM tablegate.authorization g WHERE g.api_id IS NOT NULL"
      " UNION ALL SELECT g.consumer_id, a.api_id FROM tablegate.authorization g"
      " JOIN tablegate.business_process b USING (rest_api_id) JOIN tablegate.api a USING "
      "(business_process_id)"
      " UNION ALL SELECT c.consumer_id, a.api_id FROM tablegate.consumer c JOIN tablegate.api a USING "
      "(workspace_id)) z"
      " JOIN tablegate.published_api p ON p.gateway = $1 AND p.api_id = z.api_id GROUP BY z.consumer_id",
      {gateway});
  std::vector<PublishedGrants> grants;
  grants.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row)
    grants.push_back({rows.string(row, 0), read_number_array(rows.text(row, 1))});
  return grants;
}

}  // namespace tablegate::loader
