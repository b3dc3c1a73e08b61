#include "catalog/credentials/key_rotation.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "catalog/credentials/gateway_keys.hpp"
#include "catalog/credentials/hmac_keys.hpp"
#include "catalog/credentials/jwt_settings.hpp"
#include "catalog/credentials/master_key.hpp"
#include "catalog/lookup.hpp"
#include "catalog/row_lock.hpp"

namespace tablegate::loader {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw SystemFailure(fmt::format("{}: {}; the next init finishes the rotation", what, std::strerror(errno)),
                      Hint::command({"init", "--workspace", "NAME"}));
}

// Step 3 of key_rotation.hpp.
void put_in_place(const std::string& path) {
  if (const std::optional<SealingKey> before = read_master_key(path)) {
    const std::string kept = kept_key_path(path, before->fingerprint());
    if (::link(path.c_str(), kept.c_str()) != 0 && errno != EEXIST)
      fail(fmt::format("cannot keep {} as {}", path, kept));
  }
  if (std::rename(next_key_path(path).c_str(), path.c_str()) != 0)
    fail(fmt::format("cannot rename {} to {}", next_key_path(path), path));
  sync_key_folder(path);
}

// Whether FILE.new is too short to be a key: the process that wrote it died, and sealed nothing with it.
bool is_half_written(const std::string& next) {
  constexpr off_t kHexDigits = 2 * SealingKey::kBytes;
  struct stat status {};
  return ::stat(next.c_str(), &status) == 0 && status.st_size < kHexDigits;
}

}  // namespace

bool finish_rotation(const std::string& path, const std::string& known) {
  const std::string path_of_next = next_key_path(path);
  if (is_half_written(path_of_next)) {
    if (::unlink(path_of_next.c_str()) != 0) fail("cannot remove " + path_of_next);
    return true;
  }
  const std::optional<SealingKey> next = read_master_key(path_of_next);
  // Another key is that of the next rotation, or of another catalog. It is kept.
  if (!next || next->fingerprint() != known) return false;
  put_in_place(path);
  return true;
}

Rotation rotate_master_key(Database& catalog, const std::string& path) {
  Rotation rotation;
  {
    Transaction transaction(catalog);
    lock_catalog(catalog);
    catalog.script("SET LOCAL ROLE tablegate_owner");
    finish_rotation(path, known_fingerprint(catalog));
    const SealingKey before = open_master_key(catalog);
    std::optional<SealingKey> next = read_master_key(next_key_path(path));
    if (!next) next = create_master_key(next_key_path(path));
    rotation.sealed = reseal_hmac_keys(catalog, before, *next) + reseal_jwt_keys(catalog, before, *next) +
                      reseal_gateway_keys(catalog, before, *next);
    catalog.query("UPDATE tablegate.setting SET value = $1 WHERE name = 'master_key_fingerprint'",
                  {next->fingerprint()});
    rotation.kept_key = kept_key_path(path, before.fingerprint());
    // If this fails, the server may or may not have committed: the next run asks the catalog.
    transaction.commit();
  }
  // Under the lock again: another rotation may have begun meanwhile and done this already.
  Transaction transaction(catalog);
  lock_catalog(catalog);
  catalog.script("SET LOCAL ROLE tablegate_owner");
  finish_rotation(path, known_fingerprint(catalog));
  transaction.commit();
  return rotation;
}

}  // namespace tablegate::loader
