// The folder that `sync` writes and nginx reads as root: who may write to it is
// checked, and all work goes through one open descriptor, so that no symlink
// and no swapped folder leads elsewhere. Files are replaced whole or not at all;
// the state before is kept as NAME.previous. One sync at a time has the lock, which
// covers subfolders.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.hpp"

namespace tablegate::loader {

class OutputFolder {
 public:
  // Opens it (makes the last folder of the path when it is missing) and takes its lock, waiting for another
  // sync. Throws Refused when others than root and the running user could write to it or exchange it
  // (base/trusted_folder.hpp).
  explicit OutputFolder(const std::string& path);

  const std::string& path() const { return path_; }

  // The bytes of a regular file; nullopt: there is none. Never follows a symlink.
  std::optional<std::string> read(const std::string& name) const;
  // Writes and fsyncs `name` as a new file, 0600, in place of whatever has the name. Throws SystemFailure
  // (disk full): then nothing changed.
  void write(const std::string& name, std::string_view bytes) const;
  // NAME.previous becomes what NAME is now (gone, when NAME does not exist).
  void keep_previous(const std::string& name) const;
  // NAME becomes what NAME.previous is (gone, when there is none).
  void put_back(const std::string& name) const;
  void remove(const std::string& name) const;
  bool exists(const std::string& name) const;
  // Makes the renames of the folder durable.
  void sync() const;

  // A folder in this one for root (or the running user) alone, 0700; nullopt: there is none.
  std::optional<OutputFolder> subfolder(const std::string& name) const;
  OutputFolder make_subfolder(const std::string& name) const;
  // Of all that is in it, without "." and "..".
  std::vector<std::string> names() const;

 private:
  OutputFolder(std::string path, Descriptor folder);
  void check_owner() const;
  void lock();
  void link_as(const std::string& from, const std::string& to) const;
  [[noreturn]] void fail(const std::string& what, const std::string& name) const;

  std::string path_;
  Descriptor folder_;
  Descriptor lock_;  // of a subfolder: none
};

}  // namespace tablegate::loader
