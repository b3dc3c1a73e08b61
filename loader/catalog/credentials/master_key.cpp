#include "catalog/credentials/master_key.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <tuple>

#include "base/descriptor.hpp"
#include "base/line_end.hpp"
#include "base/refusal.hpp"
#include "base/trusted_folder.hpp"
#include "catalog/migrations.hpp"
#include "core/digest.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kHexBytes = 2 * kKeyBytes;

[[noreturn]] void fail(const char* what, const std::string& path) {
  throw SystemFailure(fmt::format("cannot {} master key file {}: {}", what, path, std::strerror(errno)),
                      Hint::again().after("TABLEGATE_MASTER_KEY_FILE=FILE"));
}

SealingKey key_of(std::string_view hex, const std::string& path) {
  core::Digest bytes{};
  static_assert(std::tuple_size_v<core::Digest> == SealingKey::kBytes);
  if (!core::from_hex(hex, bytes)) {
    throw Refused(
        fmt::format("master key file {} holds no key: {} hex digits are expected", path, kHexBytes));
  }
  const SealingKey key(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

// The key with this fingerprint, in FILE, FILE.new or the kept FILE.<fingerprint>. Files beside FILE that
// hold no key are skipped: a rotation may have died while it wrote one.
std::optional<SealingKey> find_key(const std::string& path, const std::string& fingerprint) {
  if (std::optional<SealingKey> key = read_master_key(path); key && key->fingerprint() == fingerprint)
    return key;
  for (const std::string& beside : {next_key_path(path), kept_key_path(path, fingerprint)}) {
    try {
      if (std::optional<SealingKey> key = read_master_key(beside); key && key->fingerprint() == fingerprint)
        return key;
    } catch (const Refused&) {
      continue;
    }
  }
  return std::nullopt;
}

[[noreturn]] void refuse_wrong(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) {
    throw Refused(
        fmt::format("master key file {} is missing, and this catalog already has a key: copy it from "
                    "the machine where the catalog was made (mode 0600)",
                    path),
        Hint::again().after("TABLEGATE_MASTER_KEY_FILE=FILE"));
  }
  throw Refused(
      fmt::format(
          "master key file {} does not hold this catalog's key: copy that key there, or name its file", path),
      Hint::again().after("TABLEGATE_MASTER_KEY_FILE=FILE"));
}

}  // namespace

std::string master_key_path() {
  const char* const named = std::getenv("TABLEGATE_MASTER_KEY_FILE");
  return named != nullptr && *named != '\0' ? named : "/etc/tablegate/master.key";
}

std::string next_key_path(const std::string& path) {
  return path + ".new";
}

std::string kept_key_path(const std::string& path, const std::string& fingerprint) {
  constexpr size_t kShownDigits = 16;
  return path + "." + fingerprint.substr(0, kShownDigits);
}

void sync_key_folder(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const Descriptor opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number() < 0 || ::fsync(opened.number()) != 0) fail("make durable the folder of", path);
}

std::optional<SealingKey> read_master_key(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
  const Descriptor folder = open_trusted_parent(path);
  const Descriptor file(::openat(folder.number(), last_name(path).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    if (errno == ENOENT) return std::nullopt;
    fail("read", path);
  }
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) fail("read", path);
  if ((status.st_mode & 0077U) != 0) {
    throw Refused(
        fmt::format("master key file {} can be used by others than its owner (mode {:04o}, 0600 is expected)",
                    path, status.st_mode & 07777U),
        Hint::program("chmod 600 " + shell_word(path)));
  }
  check_trusted(path, status);
  std::array<char, kHexBytes + 3> text{};
  const ssize_t size = ::read(file.number(), text.data(), text.size());
  if (size < 0) fail("read", path);
  const std::string_view hex = without_line_end({text.data(), static_cast<size_t>(size)});
  SealingKey key = key_of(hex, path);
  OPENSSL_cleanse(text.data(), text.size());
  return key;
}

SealingKey create_master_key(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty() && ::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST)
    fail("make the folder of", path);
  const Descriptor folder = open_trusted_parent(path);
  const Descriptor file(
      ::openat(folder.number(), last_name(path).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.number() < 0) fail("create", path);
  core::Digest bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw SystemFailure("OpenSSL could not make random bytes");
  std::string line = core::to_hex(bytes) + "\n";
  const SealingKey key(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  const ssize_t written = ::write(file.number(), line.data(), line.size());
  const bool complete = written == static_cast<ssize_t>(line.size()) && ::fsync(file.number()) == 0;
  OPENSSL_cleanse(line.data(), line.size());
  if (!complete) {
    const int error = errno;
    ::unlink(path.c_str());
    errno = error;
    fail("write", path);
  }
  sync_key_folder(path);
  return key;
}

std::string known_fingerprint(Database& catalog) {
  const Rows rows =
      catalog.query("SELECT value FROM tablegate.setting WHERE name = 'master_key_fingerprint'");
  return rows.empty() ? std::string{} : rows.string(0, 0);
}

void save_fingerprint(Database& catalog, const std::string& fingerprint) {
  catalog.query("INSERT INTO tablegate.setting (name, value) VALUES ('master_key_fingerprint', $1)",
                {fingerprint});
}

MasterKey ensure_master_key(const std::string& path, const std::string& known) {
  if (!known.empty()) {
    if (!find_key(path, known)) refuse_wrong(path);
    return {known, false};
  }
  if (const std::optional<SealingKey> found = read_master_key(path)) return {found->fingerprint(), false};
  return {create_master_key(path).fingerprint(), true};
}

SealingKey open_master_key(Database& catalog) {
  const std::string path = master_key_path();
  const std::string known = known_fingerprint(catalog);
  if (known.empty()) throw Refused("this catalog has no master key yet", init_hint(catalog));
  std::optional<SealingKey> key = find_key(path, known);
  if (!key) refuse_wrong(path);
  return *key;
}

const SealingKey& LazyMasterKey::get() {
  if (key_) return *key_;
  if (failed_) std::rethrow_exception(failed_);
  try {
    key_ = open_master_key(*catalog_);
  } catch (...) {
    failed_ = std::current_exception();
    throw;
  }
  return *key_;
}

}  // namespace tablegate::loader
