#include "catalog/master_key.hpp"

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

#include "catalog/drafts.hpp"
#include "catalog/refusal.hpp"
#include "core/digest.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kHexBytes = 2 * kKeyBytes;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void fail(const char* what, const std::string& path) {
  throw SystemFailure(fmt::format("cannot {} master key file {}: {}", what, path, std::strerror(errno)),
                      "TABLEGATE_MASTER_KEY_FILE=FILE names another place");
}

std::string fingerprint_of(std::string_view hex, const std::string& path) {
  core::Digest key{};
  if (!core::from_hex(hex, key)) {
    throw Refused(
        fmt::format("master key file {} holds no key: {} hex digits are expected", path, kHexBytes));
  }
  std::string fingerprint =
      sha256_hex({reinterpret_cast<const char*>(key.data()), key.size()});  // NOLINT: bytes as characters
  OPENSSL_cleanse(key.data(), key.size());
  return fingerprint;
}

std::string create(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    fail("make the folder of", path);
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) fail("create", path);
  core::Digest key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    throw SystemFailure("OpenSSL has no random bytes");
  std::string line = core::to_hex(key) + "\n";
  OPENSSL_cleanse(key.data(), key.size());
  const ssize_t written = ::write(file.get(), line.data(), line.size());
  const bool complete = written == static_cast<ssize_t>(line.size()) && ::fsync(file.get()) == 0;
  if (!complete) {
    const int error = errno;
    ::unlink(path.c_str());
    errno = error;
    fail("write", path);
  }
  line.pop_back();
  std::string fingerprint = fingerprint_of(line, path);
  OPENSSL_cleanse(line.data(), line.size());
  return fingerprint;
}

}  // namespace

std::string master_key_path() {
  const char* const named = std::getenv("TABLEGATE_MASTER_KEY_FILE");
  return named != nullptr && *named != '\0' ? named : "/etc/tablegate/master.key";
}

std::string read_fingerprint(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT) return {};
    fail("read", path);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("read", path);
  if ((status.st_mode & 0077U) != 0) {
    throw Refused(
        fmt::format("master key file {} can be used by others than its owner (mode {:04o}, 0600 is expected)",
                    path, status.st_mode & 07777U),
        "chmod 600 " + path);
  }
  std::array<char, kHexBytes + 2> text{};
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) fail("read", path);
  std::string_view hex(text.data(), static_cast<size_t>(size));
  if (!hex.empty() && hex.back() == '\n') hex.remove_suffix(1);
  std::string fingerprint = fingerprint_of(hex, path);
  OPENSSL_cleanse(text.data(), text.size());
  return fingerprint;
}

MasterKey ensure_master_key(const std::string& path, const std::string& known) {
  MasterKey key;
  key.fingerprint = read_fingerprint(path);
  if (key.fingerprint.empty() && !known.empty()) {
    throw Refused(fmt::format("master key file {} is missing, and this catalog already has a key", path),
                  fmt::format("copy {} from the machine where the catalog was made (mode 0600), or set "
                              "TABLEGATE_MASTER_KEY_FILE",
                              path));
  }
  if (key.fingerprint.empty()) {
    key.fingerprint = create(path);
    key.created = true;
  } else if (!known.empty() && key.fingerprint != known) {
    throw Refused(fmt::format("master key file {} holds another key than this catalog's", path),
                  "copy the catalog's own key there, or set TABLEGATE_MASTER_KEY_FILE");
  }
  return key;
}

}  // namespace tablegate::loader
