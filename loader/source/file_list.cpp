#include "source/file_list.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/refusal.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

using core::is_digit;

// Takes the digits at the front and returns them without leading zeros.
std::string_view take_number(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  std::string_view number = text.substr(0, size);
  text.remove_prefix(size);
  while (number.size() > 1 && number[0] == '0') number.remove_prefix(1);
  return number;
}

bool is_folder(const std::string& path, const FileRoot& root) {
  struct stat about {};
  return root.stat(path, about) && S_ISDIR(about.st_mode);
}

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

Folder open_folder(const std::string& path, const FileRoot& root) {
  const Descriptor opened = root.open(path, O_RDONLY | O_DIRECTORY);
  const int own = opened.number() < 0 ? -1 : ::fcntl(opened.number(), F_DUPFD_CLOEXEC, 0);
  Folder folder(own < 0 ? nullptr : ::fdopendir(own), &::closedir);
  if (!folder && own >= 0) ::close(own);
  return folder;
}

std::vector<std::string> files_of_folder(const std::string& path, const FileRoot& root) {
  std::vector<std::string> files;
  const Folder folder = open_folder(path, root);
  if (!folder) throw SystemFailure(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  for (errno = 0; const dirent* const entry = ::readdir(folder.get()); errno = 0) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name[0] == '.' || name[0] == '_') continue;
    files.push_back(std::filesystem::path(path) / name);
    if (is_folder(files.back(), root)) {
      throw Refused(fmt::format("{}: holds the folder {}, only files directly in it are read", path, name),
                    root.bounded() ? Hint::program("ls -l " + shell_word(path))
                                   : Hint::again().set("--from", fmt::format("csv:{}/*/*.csv", path)));
    }
  }
  if (errno != 0) throw SystemFailure(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  if (files.empty())
    throw Refused(fmt::format("{}: the folder holds no file", path),
                  Hint::program("ls -l " + shell_word(path)));
  return files;
}

// What glob(3) calls has no argument of its own: the root of the call that runs in this thread.
thread_local const FileRoot* glob_root = nullptr;

void* glob_open(const char* path) {
  return open_folder(path, *glob_root).release();
}
dirent* glob_read(void* folder) {
  return ::readdir(static_cast<DIR*>(folder));
}
void glob_close(void* folder) {
  ::closedir(static_cast<DIR*>(folder));
}
int glob_stat(const char* path, struct stat* about) {
  return glob_root->stat(path, *about) ? 0 : -1;
}
int glob_lstat(const char* path, struct stat* about) {
  const Descriptor opened = glob_root->open(path, O_PATH | O_NOFOLLOW);
  return opened.number() < 0 ? -1 : ::fstat(opened.number(), about);
}

// The folder before the first wildcard.
std::string folder_of(const std::string& pattern) {
  const size_t slash = pattern.rfind('/', pattern.find_first_of("*?["));
  return slash == std::string::npos ? "." : pattern.substr(0, slash + 1);
}

std::vector<std::string> files_of_glob(const std::string& pattern, const FileRoot& root) {
  glob_t found{};
  found.gl_opendir = &glob_open;
  found.gl_readdir = &glob_read;
  found.gl_closedir = &glob_close;
  found.gl_stat = &glob_stat;
  found.gl_lstat = &glob_lstat;
  glob_root = &root;
  const int status = ::glob(pattern.c_str(), GLOB_ERR | GLOB_NOSORT | GLOB_ALTDIRFUNC, nullptr, &found);
  std::vector<std::string> files(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (status == GLOB_NOMATCH)
    throw Refused(fmt::format("{}: the glob matches no file", pattern),
                  Hint::program("ls -l " + shell_word(folder_of(pattern))));
  if (status != 0) throw SystemFailure(fmt::format("cannot read the files that {} matches", pattern));
  for (const std::string& file : files) {
    if (is_folder(file, root))
      throw Refused(fmt::format("{}: the glob matches the folder {}", pattern, file),
                    root.bounded() ? Hint::program("ls -ld " + shell_word(file))
                                   : Hint::again().set("--from", "csv:DIR/*.csv"));
  }
  return files;
}

}  // namespace

bool in_number_order(std::string_view one, std::string_view other) {
  const std::string_view whole_one = one;
  const std::string_view whole_other = other;
  while (!one.empty() && !other.empty()) {
    if (is_digit(one[0]) && is_digit(other[0])) {
      const std::string_view number = take_number(one);
      const std::string_view other_number = take_number(other);
      if (number.size() != other_number.size()) return number.size() < other_number.size();
      if (number != other_number) return number < other_number;
      continue;
    }
    if (one[0] != other[0]) return one[0] < other[0];
    one.remove_prefix(1);
    other.remove_prefix(1);
  }
  if (one.empty() && other.empty()) return whole_one < whole_other;  // 01 and 1
  return one.empty();
}

std::vector<std::string> list_files(const std::string& path, const FileRoot& root) {
  struct stat about {};
  const bool there = path == "-" || root.stat(path, about);
  if (there && (path == "-" || !S_ISDIR(about.st_mode))) return {path};
  if (!there && path.find_first_of("*?[") == std::string::npos) return {path};  // opening it gives the reason
  std::vector<std::string> files = there ? files_of_folder(path, root) : files_of_glob(path, root);
  std::sort(files.begin(), files.end(), in_number_order);
  // Find unreadable files before rows are sent.
  for (const std::string& file : files) {
    if (!root.readable(file))
      throw SystemFailure(fmt::format("cannot open {}: {}", file, std::strerror(errno)),
                          Hint::program("ls -l " + shell_word(file)));
  }
  return files;
}

}  // namespace tablegate::loader
