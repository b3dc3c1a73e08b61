#include "catalog/key_rotation.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "catalog/hmac_keys.hpp"
#include "catalog/jwt_settings.hpp"
#include "catalog/lookup.hpp"
#include "catalog/master_key.hpp"

namespace tablegate::loader {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw SystemFailure(fmt::format("{}: {}", what, std::strerror(errno)),
                      "tablegate init --workspace NAME (finishes the rotation)");
}

// FILE.new where it holds a whole key.
std::optional<SealingKey> read_next(const std::string& path) {
  try {
    return read_master_key(next_key_path(path));
  } catch (const Refused&) {
    return std::nullopt;
  }
}

// Step 3. Returns where the key before is kept, or empty where there was none.
std::string put_in_place(const std::string& path) {
  std::string kept;
  if (const std::optional<SealingKey> before = read_master_key(path)) {
    kept = kept_key_path(path, before->fingerprint());
    if (::link(path.c_str(), kept.c_str()) != 0 && errno != EEXIST)
      fail(fmt::format("cannot keep {} as {}", path, kept));
  }
  if (std::rename(next_key_path(path).c_str(), path.c_str()) != 0)
    fail(fmt::format("cannot rename {} to {}", next_key_path(path), path));
  sync_key_folder(path);
  return kept;
}

void remove_half_written(const std::string& path) {
  const std::string next = next_key_path(path);
  if (::unlink(next.c_str()) != 0 && errno != ENOENT) fail("cannot remove " + next);
}

}  // namespace

bool finish_rotation(Database& catalog, const std::string& path) {
  if (::access(next_key_path(path).c_str(), F_OK) != 0) return false;
  const std::optional<SealingKey> next = read_next(path);
  if (!next) {
    remove_half_written(path);
    return true;
  }
  // Another key: the one that the next rotation will use, or another catalog's. It stays.
  if (next->fingerprint() != known_fingerprint(catalog)) return false;
  put_in_place(path);
  return true;
}

Rotation rotate_master_key(Database& catalog, const std::string& path) {
  Rotation rotation;
  {
    Transaction transaction(catalog);
    lock_catalog(catalog);
    finish_rotation(catalog, path);
    const SealingKey before = open_master_key(catalog);
    std::optional<SealingKey> next = read_next(path);
    if (!next) next = create_master_key(next_key_path(path));
    catalog.script("SET LOCAL ROLE tablegate_owner");
    rotation.sealed = reseal_hmac_keys(catalog, before, *next) + reseal_jwt_keys(catalog, before, *next);
    catalog.query("UPDATE tablegate.setting SET value = $1 WHERE name = 'master_key_fingerprint'",
                  {next->fingerprint()});
    // When this fails, whether the server committed is not known: the next run asks the catalog.
    transaction.commit();
  }
  rotation.kept_key = put_in_place(path);
  return rotation;
}

}  // namespace tablegate::loader
