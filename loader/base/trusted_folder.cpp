#include "base/trusted_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel: path_resolution(7)
constexpr int kLook = O_PATH | O_NOFOLLOW | O_CLOEXEC;

[[noreturn]] void fail(const std::string& path) {
  throw SystemFailure(fmt::format("cannot open {}: {}", path, std::strerror(errno)),
                      Hint::program("ls -ld " + shell_word(path)));
}

void check_owner(const std::string& path, const struct stat& about) {
  if (about.st_uid == 0 || about.st_uid == ::geteuid()) return;
  throw Refused(fmt::format("{}: belongs to user {}, who could change what is trusted there", path,
                            static_cast<unsigned>(about.st_uid)),
                Hint::program(fmt::format("chown {} {}", S_ISLNK(about.st_mode) ? "-h root" : "root",
                                          shell_word(path))));
}

// The group bits cover access lists too: they are an ACL's mask.
bool others_write(const struct stat& about) {
  return (about.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

[[noreturn]] void refuse_mode(const std::string& path, const struct stat& about) {
  throw Refused(fmt::format("{}: others can write to it (mode {:04o}) and so change what is trusted there",
                            path, about.st_mode & 07777U),
                Hint::program("chmod go-w " + shell_word(path)));
}

// In a folder with the sticky bit others cannot rename or remove what is ours: unlink(2), rename(2).
void check_way(const std::string& path, const struct stat& about) {
  check_owner(path, about);
  if (others_write(about) && (about.st_mode & S_ISVTX) == 0) refuse_mode(path, about);
}

std::string target_of(const Descriptor& link, const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(link.number(), "", target.data(), target.size());
  if (size < 0) fail(path);
  target.resize(static_cast<size_t>(size));
  return target;
}

// The names of a path, the first one to go to last.
void push_names(const std::string& path, std::vector<std::string>& names) {
  size_t end = path.size();
  while (end > 0) {
    const size_t slash = path.rfind('/', end - 1);
    const size_t begin = slash == std::string::npos ? 0 : slash + 1;
    if (begin < end) names.push_back(path.substr(begin, end - begin));
    end = slash == std::string::npos ? 0 : slash;
  }
}

}  // namespace

void check_trusted(const std::string& path, const struct stat& about) {
  check_owner(path, about);
  if (others_write(about)) refuse_mode(path, about);
}

std::string last_name(const std::string& path) {
  std::vector<std::string> names;
  push_names(path, names);
  return names.empty() ? "." : names.front();
}

Descriptor open_trusted_folder(const std::string& path) {
  std::vector<std::string> names;
  push_names(path, names);
  std::error_code failed;
  if (path.empty() || path.front() != '/') push_names(std::filesystem::current_path(failed).string(), names);
  if (failed) throw SystemFailure("the current folder cannot be found: " + failed.message());
  std::vector<Descriptor> way;  // the last one is where we are
  std::string where = "/";
  const auto enter = [&](const char* name) {
    way.emplace_back(::openat(way.empty() ? AT_FDCWD : way.back().number(), name, kLook));
    if (way.back().number() < 0) fail(where);
    struct stat about {};
    if (::fstat(way.back().number(), &about) != 0) fail(where);
    return about;
  };
  check_way(where, enter("/"));
  for (int links = 0; !names.empty();) {
    const std::string name = names.back();
    const std::string before = where;
    names.pop_back();
    where += (where.back() == '/' ? "" : "/") + name;
    const struct stat about = enter(name.c_str());
    if (!S_ISLNK(about.st_mode)) {
      check_way(where, about);
      continue;
    }
    check_owner(where, about);
    const std::string target = target_of(way.back(), where);
    errno = ELOOP;
    if (++links > kMaxLinks) fail(where);
    push_names(target, names);
    way.pop_back();  // the link itself
    where = before;
    if (target.empty() || target.front() != '/') continue;
    where = "/";
    check_way(where, enter("/"));
  }
  // A file at the end is found out by who opens something in it (ENOTDIR).
  return std::move(way.back());
}

void check_trusted_files(const std::string& folder) {
  struct stat about {};
  if (::lstat(folder.c_str(), &about) != 0 && errno == ENOENT) return;
  const auto check = [&about](const std::string& path) {
    const Descriptor opened = open_trusted_folder(path);
    if (::fstat(opened.number(), &about) != 0) fail(path);
    check_trusted(path, about);
  };
  check(folder);
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed))
    check(entry->path().string());
  if (failed) throw SystemFailure(fmt::format("cannot list {}: {}", folder, failed.message()));
}

Descriptor open_trusted_parent(const std::string& path) {
  std::string text = path;
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  const size_t slash = text.rfind('/');
  return open_trusted_folder(slash == std::string::npos ? "." : text.substr(0, slash + 1));
}

}  // namespace tablegate::loader
