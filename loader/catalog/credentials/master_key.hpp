// The master key file: 32 random bytes in hex, mode 0600, on every machine that
// seals secrets or runs sync. The catalog stores only its fingerprint, so that
// a wrong key is noticed. Beside FILE there is FILE.new during a rotation
// (key_rotation.hpp) and FILE.<fingerprint> for each key that was replaced: no
// key is ever deleted here.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "base/database.hpp"
#include "catalog/credentials/seal.hpp"

namespace tablegate::loader {

// TABLEGATE_MASTER_KEY_FILE or /etc/tablegate/master.key.
std::string master_key_path();
// Where a rotation writes the next key.
std::string next_key_path(const std::string& path);
// Where a key that was replaced is kept.
std::string kept_key_path(const std::string& path, const std::string& fingerprint);
// Makes new files and renames beside the key file durable.
void sync_key_folder(const std::string& path);

// The file's key, or nullopt where there is no file. Throws Refused when users other than its owner can read
// it or it holds no key, SystemFailure when it cannot be read.
std::optional<SealingKey> read_master_key(const std::string& path);
// A new key in a new file (0600, never replacing one), durable when this returns. Throws SystemFailure.
SealingKey create_master_key(const std::string& path);

// The fingerprint in the catalog; empty: it has none yet.
std::string known_fingerprint(Database& catalog);
// Once, when the catalog is created; a rotation changes it (key_rotation.hpp).
void save_fingerprint(Database& catalog, const std::string& fingerprint);

struct MasterKey {
  std::string fingerprint;  // hex SHA-256 of the key's bytes
  bool created = false;
};
// `known`: the catalog's fingerprint or empty. Makes the file when neither exists. Throws Refused when the
// catalog has a fingerprint but no file has its key.
MasterKey ensure_master_key(const std::string& path, const std::string& known);

// The catalog's key: from FILE, from FILE.new if a rotation was interrupted, or from a kept file if another
// catalog's rotation replaced it. Throws Refused, naming FILE and the remedy, when none holds it. A caller
// that writes sealed values must hold lock_catalog(), to keep out a rotation.
SealingKey open_master_key(Database& catalog);

// The catalog's key, opened on first use: commands that use nothing sealed need no key file.
class LazyMasterKey {
 public:
  explicit LazyMasterKey(Database& catalog) : catalog_(&catalog) {}
  explicit LazyMasterKey(const SealingKey& key) : key_(key) {}
  // Throws as open_master_key() does, and the same again when it is asked again.
  const SealingKey& get();

 private:
  Database* catalog_ = nullptr;
  std::optional<SealingKey> key_;
  std::exception_ptr failed_;
};

}  // namespace tablegate::loader
