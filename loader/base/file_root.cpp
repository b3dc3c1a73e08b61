#include "base/file_root.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/refusal.hpp"
#include "base/trusted_folder.hpp"

namespace tablegate::loader {
namespace {

// "/a/b" of "/a/./x/../b/"; "" of "/".
std::string plain_path(const std::string& path) {
  std::string plain = std::filesystem::path(path).lexically_normal().string();
  while (!plain.empty() && plain.back() == '/') plain.pop_back();
  return plain;
}

}  // namespace

bool is_beneath(const std::string& folder, const std::string& path) {
  if (path.empty() || path.front() != '/') return false;
  const std::string root = plain_path(folder);
  const std::string plain = plain_path(path);
  return plain.compare(0, root.size(), root) == 0 &&
         (plain.size() == root.size() || plain[root.size()] == '/');
}

FileRoot::FileRoot(const std::string& folder) : name_(plain_path(folder)) {
  const Descriptor parent = open_trusted_parent(name_.empty() ? "/" : name_);
  const std::string last = name_.empty() ? "." : last_name(name_);
  folder_ = std::make_shared<Descriptor>(
      ::openat(parent.number(), last.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder_->number() < 0)
    throw SystemFailure(fmt::format("cannot open folder {}: {}", folder, std::strerror(errno)),
                        Hint::program("ls -ld " + shell_word(folder)));
}

Descriptor FileRoot::open(const std::string& path, int flags) const {
  flags |= O_CLOEXEC;
  if (!folder_) return Descriptor(::open(path.c_str(), flags));
  if ((flags & O_PATH) == 0) flags |= O_NONBLOCK | O_NOCTTY;
  errno = EXDEV;
  if (!is_beneath(name_.empty() ? "/" : name_, path)) return Descriptor(-1);
  std::string inside = plain_path(path).substr(name_.size());
  return Descriptor(open_beneath(folder_->number(), inside.empty() ? "." : inside.substr(1), flags));
}

int FileRoot::open_beneath(int folder, const std::string& path, int flags) {
  const int opened = open_by_kernel(folder, path, flags);
  // EPERM: a sandbox that does not know the call.
  const bool unknown = opened < 0 && (errno == ENOSYS || errno == EPERM);
  return unknown ? open_by_steps(folder, path, flags) : opened;
}

int FileRoot::open_by_kernel(int folder, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<__u64>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed meanwhile, openat2(2).
  for (int attempt = 0;; ++attempt) {
    const long opened = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
    if (opened >= 0 || errno != EAGAIN || attempt == 100) return static_cast<int>(opened);
  }
}

int FileRoot::open_by_steps(int folder, const std::string& path, int flags) {
  std::unique_ptr<Descriptor> here;
  for (size_t begin = 0;;) {
    const size_t slash = path.find('/', begin);
    const bool last = slash == std::string::npos;
    const std::string name = path.substr(begin, last ? slash : slash - begin);
    errno = EXDEV;
    if (name == "..") return -1;
    const int step = last ? flags | O_NOFOLLOW : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int opened = ::openat(here ? here->number() : folder, name.empty() ? "." : name.c_str(), step);
    if (opened < 0 || last) return opened;
    here = std::make_unique<Descriptor>(opened);
    begin = slash + 1;
  }
}

bool FileRoot::stat(const std::string& path, struct stat& about) const {
  if (!folder_) return ::stat(path.c_str(), &about) == 0;
  const Descriptor opened = open(path, O_PATH);
  return opened.number() >= 0 && ::fstat(opened.number(), &about) == 0;
}

bool FileRoot::readable(const std::string& path) const {
  if (!folder_) return ::access(path.c_str(), R_OK) == 0;
  const Descriptor opened = open(path, O_PATH);
  // The descriptor's own name: the file that was opened, whatever its path leads to by now.
  return opened.number() >= 0 &&
         ::access(fmt::format("/proc/self/fd/{}", opened.number()).c_str(), R_OK) == 0;
}

}  // namespace tablegate::loader
