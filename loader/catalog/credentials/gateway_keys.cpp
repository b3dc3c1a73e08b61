#include "catalog/credentials/gateway_keys.hpp"

#include "base/refusal.hpp"
#include "catalog/credentials/key_text.hpp"
#include "catalog/credentials/seal.hpp"
#include "catalog/lookup.hpp"
#include "catalog/row_lock.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kGatewayKeys[] = {kCursorKey, kMaskKey};
constexpr size_t kGatewayKeyBytes = 32;

SealedPlace gateway_key_place(const std::string& name) {
  return {"gateway_key", name};
}

}  // namespace

bool ensure_gateway_keys(Database& catalog, LazyMasterKey& master) {
  bool made = false;
  for (const char* const name : kGatewayKeys) {
    if (!catalog.query("SELECT FROM tablegate.gateway_key WHERE name = $1", {name}).empty()) continue;
    catalog.query("INSERT INTO tablegate.gateway_key (name, sealed) VALUES ($1, $2)",
                  {name, seal_text(master.get(), gateway_key_place(name), random_hex(kGatewayKeyBytes))});
    made = true;
  }
  return made;
}

void replace_gateway_key(Database& catalog, const std::string& name) {
  Transaction transaction(catalog);
  lock_catalog(catalog);
  catalog.script("SET LOCAL ROLE tablegate_owner");
  const std::string sealed =
      seal_text(open_master_key(catalog), gateway_key_place(name), random_hex(kGatewayKeyBytes));
  catalog.query(
      "INSERT INTO tablegate.gateway_key (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET "
      "sealed = excluded.sealed, created_at = excluded.created_at",
      {name, sealed});
  transaction.commit();
}

size_t reseal_gateway_keys(Database& catalog, const SealingKey& before, const SealingKey& after) {
  const Rows rows = catalog.query("SELECT name, sealed FROM tablegate.gateway_key ORDER BY 1 FOR UPDATE");
  for (int row = 0; row < rows.size(); ++row) {
    const SealedPlace place = gateway_key_place(rows.string(row, 0));
    catalog.query("UPDATE tablegate.gateway_key SET sealed = $2 WHERE name = $1",
                  {place.id, seal_text(after, place, open_sealed(before, place, rows.text(row, 1)))});
  }
  return static_cast<size_t>(rows.size());
}

std::vector<GatewayKeyEntry> read_gateway_keys(
    Database& catalog, const std::string& gateway, LazyMasterKey& master,
    const std::function<void(const std::string& name, const Failure& failure)>& on_fault) {
  std::vector<GatewayKeyEntry> keys;
  const Rows rows = catalog.query(
      "SELECT k.name, k.sealed FROM tablegate.gateway_key k WHERE EXISTS (SELECT FROM "
      "tablegate.published_api p"
      " JOIN tablegate.api_version v ON v.api_id = p.api_id AND v.version IN (p.version, p.canary_version)"
      " WHERE p.gateway = $1 AND v.gateway_keys <> '{}' AND k.name = ANY (v.gateway_keys)) ORDER BY 1",
      {gateway});
  for (int row = 0; row < rows.size(); ++row) {
    const SealedPlace place = gateway_key_place(rows.string(row, 0));
    try {
      keys.push_back({place.id, open_sealed(master.get(), place, rows.text(row, 1))});
    } catch (const Failure& failure) {
      if (!catalog.usable()) throw;
      on_fault(place.id, failure);
    }
  }
  return keys;
}

}  // namespace tablegate::loader
