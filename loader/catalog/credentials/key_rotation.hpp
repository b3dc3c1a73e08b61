// `tablegate init --rotate-master-key`: everything sealed in the catalog is sealed
// anew with a new key, in one transaction that also writes the new fingerprint.
// The catalog's fingerprint shows at each moment which file is valid:
//   1. FILE.new is made and durable              FILE is valid
//   2. the transaction seals anew and commits    FILE until the commit, FILE.new after it
//   3. FILE is kept as FILE.<fingerprint>, FILE.new renamed to FILE    FILE is valid
// A crash leaves one of these states; every command finds the valid file in each
// (open_master_key), and the next init or rotation finishes or starts again. No
// complete key is ever deleted: another catalog or an old dump may need it.
#pragma once

#include <string>

#include "base/database.hpp"

namespace tablegate::loader {

// Under lock_catalog(): finishes what a rotation left. `known`: the catalog's fingerprint. Does step 3 if the
// transaction was committed; if not, deletes a half-written FILE.new. True when a file changed.
bool finish_rotation(const std::string& path, const std::string& known);

struct Rotation {
  size_t sealed = 0;     // values that were sealed again
  std::string kept_key;  // where the previous key is now
};
// The whole rotation, in a transaction of its own, as tablegate_owner. Throws Refused if the file does not
// hold the catalog's key or a value cannot be opened with it; then nothing was changed.
Rotation rotate_master_key(Database& catalog, const std::string& path);

}  // namespace tablegate::loader
