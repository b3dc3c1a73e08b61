#include "catalog/credentials/hmac_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/credentials/key_text.hpp"
#include "catalog/credentials/master_key.hpp"
#include "catalog/life/publications.hpp"
#include "catalog/lookup.hpp"
#include "catalog/row_lock.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMinAccessKey = 4, kMaxAccessKey = 128;

SealedPlace place_of(const std::string& key_id) {
  return {"hmac_key", key_id};
}

// Splits "access_key:secret" at the first ':'. No message shows a part of it.
void read_imported(const std::string& pair, NewHmacKey& key) {
  const size_t colon = pair.find(':');
  if (colon == std::string::npos) {
    throw Refused(
        "an imported HMAC key is \"access_key:secret\" on one line; without --from-file a pair with a secret "
        "of 256 "
        "random bits is made",
        Hint::command({"consumer", "add-key", "--help"}));
  }
  key.access_key = pair.substr(0, colon);
  key.secret = pair.substr(colon + 1);
  if (!is_visible_ascii(key.access_key, kMinAccessKey, kMaxAccessKey)) {
    throw Refused(fmt::format("an imported access key must be {} to {} visible ASCII characters without ':'",
                              kMinAccessKey, kMaxAccessKey));
  }
  check_imported_secret("secret", key.secret);
}

}  // namespace

NewHmacKey add_hmac_key(Database& catalog, const Consumer& consumer, const KeyRequest& request,
                        const std::string& profile) {
  check_label(request.label);
  check_expires(catalog, request.expires);
  NewHmacKey key;
  key.id = "hk_" + random_hex(8);
  if (request.imported) {
    read_imported(*request.imported, key);
  } else {
    key.access_key = "tgak" + random_hex(12);
    key.secret = "tgs_" + random_secret();
  }
  Transaction transaction(catalog);
  lock_catalog(catalog);
  const std::string sealed = seal_text(open_master_key(catalog), place_of(key.id), key.secret);
  try {
    catalog.query(
        "INSERT INTO tablegate.hmac_key (key_id, consumer_id, access_key, sealed_secret, profile, label, "
        "not_before,"
        " expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {key.id, consumer.id, key.access_key, sealed, profile, request.label, request.not_before,
         request.expires});
  } catch (const DatabaseError& error) {
    explain_key_conflict(error, fmt::format("access key \"{}\"", key.access_key));
    throw;
  }
  notify_change(catalog, "");
  transaction.commit();
  return key;
}

std::string open_hmac_secret(const SealingKey& key, const std::string& key_id, std::string_view sealed) {
  return open_sealed(key, place_of(key_id), sealed);
}

std::optional<HmacPair> newest_hmac_pair(Database& catalog, const Consumer& consumer) {
  const Rows rows = catalog.query(
      "SELECT key_id, access_key, sealed_secret FROM tablegate.hmac_key WHERE consumer_id = $1 AND profile = "
      "'classic'"
      " AND (not_before IS NULL OR not_before <= now()) AND (expires IS NULL OR expires > now())"
      " ORDER BY created_at DESC, key_id LIMIT 1",
      {consumer.id});
  if (rows.empty()) return std::nullopt;
  return HmacPair{rows.string(0, 1),
                  open_hmac_secret(open_master_key(catalog), rows.string(0, 0), rows.text(0, 2))};
}

size_t reseal_hmac_keys(Database& catalog, const SealingKey& before, const SealingKey& after) {
  const Rows rows = catalog.query("SELECT key_id, sealed_secret FROM tablegate.hmac_key");
  for (int row = 0; row < rows.size(); ++row) {
    const std::string id = rows.string(row, 0);
    const std::string secret = open_hmac_secret(before, id, rows.text(row, 1));
    catalog.query("UPDATE tablegate.hmac_key SET sealed_secret = $2 WHERE key_id = $1",
                  {id, seal_text(after, place_of(id), secret)});
  }
  return static_cast<size_t>(rows.size());
}

}  // namespace tablegate::loader
