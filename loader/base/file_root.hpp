// Opens files, any or only those beneath one folder. Beneath a folder no symbolic
// link, "..", or exchange of a folder while it is opened leads out: the kernel
// checks each step (openat2(2), RESOLVE_BENEATH). Where the kernel has no openat2,
// each step is opened by itself and symbolic links are not followed.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>

#include "base/descriptor.hpp"

namespace tablegate::loader {

class FileRoot {
 public:
  FileRoot() = default;  // any file
  // `folder`: absolute. Nobody but root and the running user may be able to exchange it: throws as
  // open_trusted_parent() does, and SystemFailure where it cannot be opened.
  explicit FileRoot(const std::string& folder);

  // Only what is beneath one folder is opened.
  bool bounded() const { return folder_ != nullptr; }
  // As open(2) with O_CLOEXEC; negative with errno set where it fails. EXDEV: not beneath the folder. Beneath
  // a folder it never waits (O_NONBLOCK): the files are not the caller's own.
  Descriptor open(const std::string& path, int flags) const;
  // As stat(2) and access(2) with R_OK.
  bool stat(const std::string& path, struct stat& about) const;
  bool readable(const std::string& path) const;

  // Opens `path`, relative, beneath an open folder, which may be any. As open(2); EXDEV: it leads out.
  static int open_beneath(int folder, const std::string& path, int flags);
  // Its two ways, for tests.
  static int open_by_kernel(int folder, const std::string& path, int flags);
  static int open_by_steps(int folder, const std::string& path, int flags);

 private:
  std::string name_;  // without '/' at the end; empty: "/"
  std::shared_ptr<Descriptor> folder_;
};

// `path` is lexically `folder` or beneath it. Both absolute; ".." counts as what it means.
bool is_beneath(const std::string& folder, const std::string& path);

}  // namespace tablegate::loader
