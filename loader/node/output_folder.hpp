// The folder that `sync` writes and nginx reads as root: checks who may write
// to it, and works only through one open descriptor, so that no symlink and no
// replaced folder leads elsewhere. Files are replaced as a whole or not at all;
// the previous state is kept as NAME.previous. One sync at a time holds the
// lock, which covers subfolders.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.hpp"

namespace tablegate::loader {

class OutputFolder {
 public:
  // A file that is written piece by piece, and gets its name when it is whole; removed if it never is. One at
  // a time for each name. Throws SystemFailure (disk full).
  class NewFile {
   public:
    // `label`: in the name of the temporary file. `folder` must outlive it.
    NewFile(const OutputFolder& folder, const std::string& label);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    void append(std::string_view bytes);
    // Makes it durable and replaces anything with that name. Call last.
    void finish(const std::string& name);

   private:
    const OutputFolder& folder_;
    std::string temporary_;
    Descriptor file_;
    bool finished_ = false;
  };

  // Opens it (creates the last folder of the path when it is missing) and takes its lock, waiting for another
  // sync. Throws Refused when users other than root and the running user could write to it or exchange it
  // (base/trusted_folder.hpp).
  explicit OutputFolder(const std::string& path);

  // The lock of the one `sync --watch` of a folder, while the returned descriptor is open. Waits for another
  // one, and reports that.
  static Descriptor lock_watcher(const std::string& path);

  const std::string& path() const { return path_; }

  // The bytes of a regular file; nullopt: there is none. Never follows a symlink.
  std::optional<std::string> read(const std::string& name) const;
  // Writes and fsyncs `name` as a new file, 0600, replacing anything with that name. Throws SystemFailure
  // (disk full): then nothing changed.
  void write(const std::string& name, std::string_view bytes) const;
  // Makes NAME.previous the same as NAME (deleted, when NAME does not exist).
  void keep_previous(const std::string& name) const;
  // Makes NAME the same as NAME.previous (deleted, when there is none).
  void put_back(const std::string& name) const;
  void remove(const std::string& name) const;
  bool exists(const std::string& name) const;
  // Makes the renames of the folder durable.
  void sync() const;

  // A folder in this one for root (or the running user) only, 0700; nullopt: there is none.
  std::optional<OutputFolder> subfolder(const std::string& name) const;
  OutputFolder make_subfolder(const std::string& name) const;
  // The names in it, without "." and "..".
  std::vector<std::string> names() const;

 private:
  OutputFolder(std::string path, Descriptor folder);
  void check_owner() const;
  void lock(int file, const char* name, const char* holder_is) const;
  void link_as(const std::string& from, const std::string& to) const;
  [[noreturn]] void fail(const std::string& what, const std::string& name) const;

  std::string path_;
  Descriptor folder_;
  Descriptor lock_;  // none for a subfolder
};

}  // namespace tablegate::loader
