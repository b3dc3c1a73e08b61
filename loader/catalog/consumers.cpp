#include "catalog/consumers.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "catalog/drafts.hpp"
#include "catalog/name_rules.hpp"
#include "catalog/publications.hpp"
#include "core/base64.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kKeyBytes = 32;  // 256 bits
constexpr size_t kIdBytes = 8;
constexpr size_t kMinImported = 24, kMaxImported = 256, kMaxLabel = 100;

template <size_t Size>
std::array<unsigned char, Size> random_bytes() {
  std::array<unsigned char, Size> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw SystemFailure("OpenSSL has no random bytes");
  return bytes;
}

std::string new_key_id() {
  std::string id = "ak_";
  for (const unsigned char byte : random_bytes<kIdBytes>()) id += fmt::format("{:02x}", byte);
  return id;
}

std::string new_api_key() {
  const auto bytes = random_bytes<kKeyBytes>();
  return "tg_" + core::base64url_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void check_imported(const std::string& key) {
  const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (key.size() < kMinImported || key.size() > kMaxImported || !visible) {
    throw Refused(fmt::format("an imported key must be {} to {} visible ASCII characters on one line",
                              kMinImported, kMaxImported),
                  "consumer add-key without --from-file makes a key of 256 random bits");
  }
}

std::string rest_api_id(Database& catalog, const std::string& name) {
  const Rows rows =
      catalog.query("SELECT rest_api_id FROM tablegate.rest_api WHERE name = $1 AND version = ''", {name});
  if (rows.empty()) throw Refused(fmt::format("there is no REST API \"{}\"", name), "tablegate get restapis");
  return rows.string(0, 0);
}

struct Target {
  Parameter api_id, rest_api_id;
};

Target find_target(Database& catalog, const Workspace& workspace, const std::string& api,
                   const std::string& rest_api) {
  if (!api.empty()) return {find_apis(catalog, workspace, {api}, {}).front().id, std::nullopt};
  return {std::nullopt, rest_api_id(catalog, rest_api)};
}

}  // namespace

Consumer find_consumer(Database& catalog, const std::string& name) {
  const Rows rows = catalog.query(
      "SELECT c.consumer_id, c.enabled, coalesce(w.name, '') FROM tablegate.consumer c LEFT JOIN "
      "tablegate.workspace w"
      " USING (workspace_id) WHERE c.name = $1",
      {name});
  if (rows.empty())
    throw Refused(fmt::format("there is no consumer \"{}\"", name), "tablegate consumer list");
  return {rows.string(0, 0), name, rows.boolean(0, 1), rows.string(0, 2)};
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
    throw Refused(fmt::format("consumer \"{}\" belongs to workspace {} and stays with it", consumer.name,
                              consumer.workspace),
                  "tablegate consumer disable " + consumer.name);
  }
  catalog.query("DELETE FROM tablegate.consumer WHERE consumer_id = $1", {consumer.id});
  notify_change(catalog, "");
}

NewKey add_api_key(Database& catalog, const Consumer& consumer, const KeyRequest& request) {
  if (!request.label.empty()) {
    if (const std::string reason = bad_text(request.label, kMaxLabel); !reason.empty())
      throw Refused("--label " + reason);
  }
  if (request.imported) check_imported(*request.imported);
  NewKey key{new_key_id(), request.imported ? *request.imported : new_api_key()};
  try {
    catalog.query(
        "INSERT INTO tablegate.api_key (key_id, consumer_id, digest, label, not_before, expires)"
        " VALUES ($1, $2, $3::bytea, $4, $5, $6)",
        {key.id, consumer.id, "\\x" + sha256_hex(key.api_key), request.label, request.not_before,
         request.expires});
  } catch (const DatabaseError& error) {
    if (error.sqlstate == "23505")
      throw Refused("this key is a consumer's already", "tablegate consumer list");
    if (error.sqlstate == "23514") throw Refused("--not-before must come before --expires");
    throw;
  }
  notify_change(catalog, "");
  return key;
}

bool revoke_key(Database& catalog, const Consumer& consumer, const std::string& key_id,
                const std::optional<std::string>& at) {
  if (catalog
          .query("SELECT FROM tablegate.api_key WHERE key_id = $1 AND consumer_id = $2",
                 {key_id, consumer.id})
          .empty()) {
    throw Refused(fmt::format("consumer \"{}\" has no key \"{}\"", consumer.name, key_id),
                  "tablegate consumer show " + consumer.name);
  }
  // One that would become valid only after that moment never does.
  const Rows changed = at ? catalog.query(
                                "WITH gone AS (DELETE FROM tablegate.api_key WHERE key_id = $1 AND "
                                "not_before >= $2 RETURNING 1),"
                                " ended AS (UPDATE tablegate.api_key SET expires = $2 WHERE key_id = $1"
                                " AND (not_before IS NULL OR not_before < $2) AND (expires IS NULL OR "
                                "expires > $2) RETURNING 1)"
                                " SELECT FROM gone UNION ALL SELECT FROM ended",
                                {key_id, at})
                          : catalog.query("DELETE FROM tablegate.api_key WHERE key_id = $1", {key_id});
  if (changed.affected() == 0) return false;
  notify_change(catalog, "");
  return true;
}

bool authorize(Database& catalog, const Consumer& consumer, const Workspace& workspace,
               const std::string& api, const std::string& rest_api) {
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
                 const std::string& api, const std::string& rest_api) {
  const Target target = find_target(catalog, workspace, api, rest_api);
  const Rows gone = catalog.query(
      "DELETE FROM tablegate.authorization WHERE consumer_id = $1 AND (api_id = $2 OR rest_api_id = $3)",
      {consumer.id, target.api_id, target.rest_api_id});
  if (gone.affected() == 0) return false;
  notify_change(catalog, "");
  return true;
}

}  // namespace tablegate::loader
