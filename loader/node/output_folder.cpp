#include "node/output_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/refusal.hpp"
#include "base/trusted_folder.hpp"

namespace tablegate::loader {
namespace {

std::string without_trailing_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

[[noreturn]] void fail_folder(const std::string& path) {
  throw SystemFailure(
      fmt::format("cannot make or open {}: {}", path, std::strerror(errno)),
      Hint::program(fmt::format(
          "ls -ld {} {}", shell_word(std::filesystem::path(path).parent_path().string()), shell_word(path))));
}

Descriptor open_parent(const std::string& path) {
  try {
    return open_trusted_parent(path);
  } catch (const SystemFailure& failure) {
    throw SystemFailure(fmt::format("cannot make or open {}: {}", path, failure.what()), failure.next());
  }
}

int open_folder(const std::string& path) {
  if (path.empty()) throw WrongUsage("--output requires a folder");
  const Descriptor parent = open_parent(path);
  const std::string name = last_name(path);
  if (::mkdirat(parent.number(), name.c_str(), 0755) != 0 && errno != EEXIST) fail_folder(path);
  const int descriptor =
      ::openat(parent.number(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor >= 0) return descriptor;
  const int reason = errno;
  struct stat about {};
  if (::fstatat(parent.number(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(about.st_mode)) {
    throw Refused(fmt::format("{}: is a symlink, name the folder itself", path));
  }
  errno = reason;
  fail_folder(path);
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path)
    : path_(without_trailing_slash(path)), folder_(open_folder(path_)), lock_([this] {
        check_owner();
        return ::openat(folder_.number(), ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
      }()) {
  if (lock_.number() < 0) fail("open", ".lock");
  lock(lock_.number(), ".lock", "sync");
}

Descriptor OutputFolder::lock_watcher(const std::string& path) {
  constexpr const char* kName = ".watcher";
  const OutputFolder folder(without_trailing_slash(path), Descriptor(open_folder(path)));
  Descriptor file(::openat(folder.folder_.number(), kName, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.number() < 0) folder.fail("open", kName);
  folder.lock(file.number(), kName, "sync --watch");
  return file;
}

OutputFolder::OutputFolder(std::string path, Descriptor folder)
    : path_(std::move(path)), folder_(std::move(folder)) {
  check_owner();
}

void OutputFolder::fail(const std::string& what, const std::string& name) const {
  const char* const denied =
      errno == EACCES || errno == EPERM ? "; each sync of a folder runs as its owner" : "";
  throw SystemFailure(fmt::format("cannot {} {}/{}: {}{}", what, path_, name, std::strerror(errno), denied),
                      Hint::program("ls -la " + shell_word(path_)));
}

void OutputFolder::check_owner() const {
  struct stat about {};
  if (::fstat(folder_.number(), &about) != 0) fail("stat", "");
  check_trusted(path_, about);
}

void OutputFolder::lock(int file, const char* name, const char* holder_is) const {
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) fail("lock", name);
    // Who has it wrote its number there.
    const std::string holder = read(name).value_or("");
    fmt::print(stderr, "tablegate: waiting for another {} of {} ({})\n", holder_is, path_,
               holder.empty() ? "its process is unknown" : "process " + holder);
    while (::flock(file, LOCK_EX) != 0) {
      if (errno != EINTR) fail("lock", name);
    }
  }
  const std::string number = std::to_string(::getpid());
  // Only for the message above: a full disk must not stop us here.
  if (::ftruncate(file, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(file, number.data(), number.size(), 0);
  }
}

std::optional<std::string> OutputFolder::read(const std::string& name) const {
  const Descriptor file(
      ::openat(folder_.number(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.number() < 0) {
    // Anything that is not a regular file is replaced, not read.
    if (errno == ENOENT || errno == ELOOP) return std::nullopt;
    fail("read", name);
  }
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) fail("stat", name);
  if (!S_ISREG(about.st_mode)) return std::nullopt;
  std::string bytes(static_cast<size_t>(about.st_size) + 1, '\0');
  size_t have = 0;
  for (;;) {
    const ssize_t got = ::read(file.number(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", name);
    if (got == 0) break;
    have += static_cast<size_t>(got);
    if (have == bytes.size()) bytes.resize(bytes.size() * 2);
  }
  bytes.resize(have);
  return bytes;
}

OutputFolder::NewFile::NewFile(const OutputFolder& folder, const std::string& label)
    : folder_(folder), temporary_("." + label + ".new"), file_([this] {
        ::unlinkat(folder_.folder_.number(), temporary_.c_str(), 0);  // of a sync that died
        return ::openat(folder_.folder_.number(), temporary_.c_str(),
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
      }()) {
  if (file_.number() < 0) folder_.fail("create", temporary_);
}

OutputFolder::NewFile::~NewFile() {
  if (!finished_) ::unlinkat(folder_.folder_.number(), temporary_.c_str(), 0);
}

void OutputFolder::NewFile::append(std::string_view bytes) {
  if (!write_all(file_.number(), bytes)) folder_.fail("write", temporary_);
}

void OutputFolder::NewFile::finish(const std::string& name) {
  const int folder = folder_.folder_.number();
  if (::fsync(file_.number()) != 0 || ::renameat(folder, temporary_.c_str(), folder, name.c_str()) != 0)
    folder_.fail("write", name);
  finished_ = true;
}

void OutputFolder::write(const std::string& name, std::string_view bytes) const {
  NewFile file(*this, name);
  file.append(bytes);
  file.finish(name);
}

// Makes `to` a second name of the file `from`. A link needs no space for bytes: it works on a full disk.
void OutputFolder::link_as(const std::string& from, const std::string& to) const {
  const std::string temporary = "." + to + ".new";
  const int folder = folder_.number();
  ::unlinkat(folder, temporary.c_str(), 0);
  struct stat about {};
  // Only regular files are kept and put back.
  if (::fstatat(folder, from.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(about.st_mode))
    return remove(to);
  if (::linkat(folder, from.c_str(), folder, temporary.c_str(), 0) != 0) {
    if (errno != ENOENT) fail("link", from);
    remove(to);
    return;
  }
  if (::renameat(folder, temporary.c_str(), folder, to.c_str()) != 0) fail("rename", to);
  // rename(2) leaves both names if they are the same file already.
  ::unlinkat(folder, temporary.c_str(), 0);
}

void OutputFolder::keep_previous(const std::string& name) const {
  link_as(name, name + ".previous");
}

void OutputFolder::put_back(const std::string& name) const {
  link_as(name + ".previous", name);
}

void OutputFolder::remove(const std::string& name) const {
  if (::unlinkat(folder_.number(), name.c_str(), 0) != 0 && errno != ENOENT) fail("remove", name);
}

bool OutputFolder::exists(const std::string& name) const {
  return ::faccessat(folder_.number(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void OutputFolder::sync() const {
  if (::fsync(folder_.number()) != 0) fail("fsync", "");
}

std::optional<OutputFolder> OutputFolder::subfolder(const std::string& name) const {
  Descriptor found(::openat(folder_.number(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (found.number() < 0) {
    if (errno == ENOENT) return std::nullopt;
    fail("open", name);
  }
  OutputFolder folder(path_ + "/" + name, std::move(found));
  if (::fchmod(folder.folder_.number(), 0700) != 0) fail("chmod", name);
  return folder;
}

OutputFolder OutputFolder::make_subfolder(const std::string& name) const {
  if (::mkdirat(folder_.number(), name.c_str(), 0700) != 0 && errno != EEXIST) fail("make", name);
  std::optional<OutputFolder> made = subfolder(name);
  if (!made) fail("open", name);
  sync();
  return std::move(*made);
}

std::vector<std::string> OutputFolder::names() const {
  const int copy = ::openat(folder_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const listing = copy < 0 ? nullptr : ::fdopendir(copy);
  if (listing == nullptr) {
    if (copy >= 0) ::close(copy);
    fail("list", "");
  }
  std::vector<std::string> names;
  while (const dirent* const entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(listing);
  return names;
}

}  // namespace tablegate::loader
