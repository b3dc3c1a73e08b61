#include "catalog/credentials/consumers.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/sql_array.hpp"
#include "catalog/credentials/key_text.hpp"
#include "catalog/life/drafts.hpp"
#include "catalog/life/publications.hpp"
#include "catalog/near_object.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {
namespace {

struct Target {
  Parameter api_id, rest_api_id;
};

Target find_target(Database& catalog, const Workspace& workspace, const std::string& api,
                   const RestApiName& rest_api) {
  if (!api.empty()) return {find_apis(catalog, workspace, {api}, {}).front().id, std::nullopt};
  return {std::nullopt, find_rest_api(catalog, rest_api.name, rest_api.version)};
}

}  // namespace

std::map<std::string, Consumer> find_consumers(Database& catalog, const std::vector<std::string>& names) {
  const Rows rows = catalog.query(
      "SELECT c.name, c.consumer_id, c.enabled, coalesce(w.name, '') FROM tablegate.consumer c LEFT JOIN "
      "tablegate.workspace w"
      " USING (workspace_id) WHERE c.name = ANY ($1::text[])",
      {sql_array(names)});
  std::map<std::string, Consumer> consumers;
  for (int row = 0; row < rows.size(); ++row)
    consumers[rows.string(row, 0)] = {rows.string(row, 1), rows.string(row, 0), rows.boolean(row, 2),
                                      rows.string(row, 3)};
  return consumers;
}

Consumer find_consumer(Database& catalog, const std::string& name) {
  std::map<std::string, Consumer> found = find_consumers(catalog, {name});
  if (found.empty())
    throw Refused(missing_object(catalog, Kind::consumer, name), Hint::command({"consumer", "list"}));
  return std::move(found.begin()->second);
}

std::vector<std::string> consumer_names(Database& catalog) {
  return first_column(catalog.query("SELECT name FROM tablegate.consumer ORDER BY name COLLATE \"C\""));
}

bool create_consumer(Database& catalog, const std::string& name) {
  if (const std::string reason = bad_plain_name(name); !reason.empty())
    throw Refused("consumer name: " + reason);
  return catalog
             .query("INSERT INTO tablegate.consumer (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", {name})
             .affected() == 1;
}

bool enable_consumer(Database& catalog, const Consumer& consumer, bool enabled) {
  const Rows changed =
      catalog.query("UPDATE tablegate.consumer SET enabled = $2 WHERE consumer_id = $1 AND enabled <> $2",
                    {consumer.id, enabled ? "true" : "false"});
  if (changed.affected() == 0) return false;
  notify_change(catalog, "");
  return true;
}

void delete_consumer(Database& catalog, const Consumer& consumer) {
  if (!consumer.workspace.empty()) {
    throw Refused(fmt::format("consumer \"{}\" belongs to workspace {} and cannot be deleted, only disabled",
                              consumer.name, consumer.workspace),
                  Hint::command({"consumer", "show", consumer.name}));
  }
  catalog.query(
      "SELECT FROM tablegate.delete_as_operator('consumer', "
      "json_build_array(json_build_object('consumer_id', $1::text)))",
      {consumer.id});
  notify_change(catalog, "");
}

NewKey add_api_key(Database& catalog, const Consumer& consumer, const KeyRequest& request) {
  check_label(request.label);
  check_expires(catalog, request.expires);
  if (request.imported) check_imported_secret("key", *request.imported);
  NewKey key{"ak_" + random_hex(8), request.imported ? *request.imported : "tg_" + random_secret()};
  try {
    catalog.query(
        "INSERT INTO tablegate.api_key (key_id, consumer_id, digest, label, not_before, expires)"
        " VALUES ($1, $2, $3::bytea, $4, $5, $6)",
        {key.id, consumer.id, "\\x" + sha256_hex(key.api_key), request.label, request.not_before,
         request.expires});
  } catch (const DatabaseError& error) {
    explain_key_conflict(error, "this key");
    throw;
  }
  notify_change(catalog, "");
  return key;
}

bool revoke_key(Database& catalog, const Consumer& consumer, const std::string& key_id,
                const std::optional<std::string>& at) {
  const std::string table = key_id.rfind("hk_", 0) == 0 ? "hmac_key" : "api_key";
  if (catalog
          .query(fmt::format("SELECT key_id FROM tablegate.{} WHERE key_id = $1 AND consumer_id = $2", table),
                 {key_id, consumer.id})
          .empty()) {
    throw Refused(fmt::format("consumer \"{}\" has no key \"{}\"", consumer.name, key_id),
                  Hint::command({"consumer", "show", consumer.name}));
  }
  // A key that would become valid only after that moment never becomes valid.
  const Rows changed =
      at ? catalog.query(fmt::format("WITH gone AS (SELECT FROM tablegate.delete_as_operator('{0}', (SELECT "
                                     "json_agg(json_build_object('key_id', key_id)) FROM tablegate.{0} WHERE "
                                     "key_id = $1 AND not_before >= $2))),"
                                     " ended AS (UPDATE tablegate.{0} SET expires = $2 WHERE key_id = $1"
                                     " AND (not_before IS NULL OR not_before < $2) AND (expires IS NULL OR "
                                     "expires > $2) RETURNING 1)"
                                     " SELECT FROM gone UNION ALL SELECT FROM ended",
                                     table),
                         {key_id, at})
         : catalog.query(fmt::format("SELECT FROM tablegate.delete_as_operator('{}', "
                                     "json_build_array(json_build_object('key_id', $1::text)))",
                                     table),
                         {key_id});
  if (changed.affected() == 0) return false;
  notify_change(catalog, "");
  return true;
}

bool authorize(Database& catalog, const Consumer& consumer, const Workspace& workspace,
               const std::string& api, const RestApiName& rest_api) {
  const Target target = find_target(catalog, workspace, api, rest_api);
  const Rows added = catalog.query(
      "INSERT INTO tablegate.authorization (consumer_id, api_id, rest_api_id) VALUES ($1, $2, $3) ON "
      "CONFLICT DO NOTHING",
      {consumer.id, target.api_id, target.rest_api_id});
  if (added.affected() == 0) return false;
  notify_change(catalog, "");
  return true;
}

bool deauthorize(Database& catalog, const Consumer& consumer, const Workspace& workspace,
                 const std::string& api, const RestApiName& rest_api) {
  const Target target = find_target(catalog, workspace, api, rest_api);
  const Rows gone = catalog.query(
      "SELECT FROM tablegate.delete_as_operator('authorization', json_build_array(json_strip_nulls("
      "json_build_object('consumer_id', $1::text, 'api_id', $2::text, 'rest_api_id', $3::text))))",
      {consumer.id, target.api_id, target.rest_api_id});
  if (gone.affected() == 0) return false;
  notify_change(catalog, "");
  return true;
}

}  // namespace tablegate::loader
