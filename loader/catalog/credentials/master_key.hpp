// The master key file: 32 random bytes in hex, mode 0600, on every machine that
// seals or runs sync. The catalog keeps only its fingerprint, so that a second
// or a wrong key is noticed. Beside FILE stand FILE.new while a rotation is under
// way (key_rotation.hpp) and, under its fingerprint, each key that was replaced:
// no key is ever deleted here.
#pragma once

#include <optional>
#include <string>

#include "base/database.hpp"
#include "catalog/credentials/seal.hpp"

namespace tablegate::loader {

// TABLEGATE_MASTER_KEY_FILE or /etc/tablegate/master.key.
std::string master_key_path();
// Where a rotation keeps the key that is to be the next one.
std::string next_key_path(const std::string& path);
// Where a key that was replaced is kept.
std::string kept_key_path(const std::string& path, const std::string& fingerprint);
// Makes new files and renames beside the key file durable.
void sync_key_folder(const std::string& path);

// The file's key, or nullopt where there is no file. Throws Refused when others than its owner can read it or
// it holds no key, SystemFailure when it cannot be read.
std::optional<SealingKey> read_master_key(const std::string& path);
// A new key in a new file (0600, never over another), durable when this returns. Throws SystemFailure.
SealingKey create_master_key(const std::string& path);

// What the catalog says of its key; empty: it has none yet.
std::string known_fingerprint(Database& catalog);
// Once, when the catalog is created; a rotation changes it (key_rotation.hpp).
void save_fingerprint(Database& catalog, const std::string& fingerprint);

struct MasterKey {
  std::string fingerprint;  // hex SHA-256 of the key's bytes
  bool created = false;
};
// `known`: the catalog's fingerprint or empty. Makes the file when neither is there. Throws Refused when the
// catalog has a fingerprint and no file has its key.
MasterKey ensure_master_key(const std::string& path, const std::string& known);

// The catalog's key: from FILE, from FILE.new where a rotation ended half-way, or from a kept file where
// another catalog's rotation replaced it. Throws Refused, naming FILE and what to do, when none holds it. A
// caller that writes sealed values holds lock_catalog(), so that no rotation passes between.
SealingKey open_master_key(Database& catalog);

// The catalog's key, opened when it is first asked for: who uses nothing sealed needs no key file.
class LazyMasterKey {
 public:
  explicit LazyMasterKey(Database& catalog) : catalog_(&catalog) {}
  explicit LazyMasterKey(const SealingKey& key) : key_(key) {}
  // Throws as open_master_key().
  const SealingKey& get();

 private:
  Database* catalog_ = nullptr;
  std::optional<SealingKey> key_;
};

}  // namespace tablegate::loader
