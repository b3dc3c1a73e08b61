#include "source/file_list.hpp"

#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

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

std::vector<std::string> files_of_folder(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name[0] == '.' || name[0] == '_') continue;
    std::error_code unknown;
    if (entry->is_directory(unknown)) {
      throw Refused(fmt::format("{}: holds the folder {}, only files directly in it are read", folder, name),
                    Hint::again().set("--from", fmt::format("csv:{}/*/*.csv", folder)));
    }
    files.push_back(entry->path().string());
  }
  if (error) throw SystemFailure(fmt::format("cannot read {}: {}", folder, error.message()));
  if (files.empty())
    throw Refused(fmt::format("{}: the folder holds no file", folder),
                  Hint::program("ls -l " + shell_word(folder)));
  return files;
}

std::vector<std::string> files_of_glob(const std::string& pattern) {
  glob_t found{};
  const int status = ::glob(pattern.c_str(), GLOB_ERR | GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> files(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (status == GLOB_NOMATCH)
    throw Refused(fmt::format("{}: the glob matches no file", pattern), Hint::program("ls -l"));
  if (status != 0) throw SystemFailure(fmt::format("cannot read the files that {} matches", pattern));
  for (const std::string& file : files) {
    if (std::filesystem::is_directory(file))
      throw Refused(fmt::format("{}: the glob matches the folder {}", pattern, file),
                    Hint::again().set("--from", "csv:DIR/*.csv"));
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

std::vector<std::string> list_files(const std::string& path) {
  struct stat about {};
  const bool there = path == "-" || ::stat(path.c_str(), &about) == 0;
  if (there && (path == "-" || !S_ISDIR(about.st_mode))) return {path};
  if (!there && path.find_first_of("*?[") == std::string::npos) return {path};  // opening it gives the reason
  std::vector<std::string> files = there ? files_of_folder(path) : files_of_glob(path);
  std::sort(files.begin(), files.end(), in_number_order);
  // Find unreadable files before rows are sent.
  for (const std::string& file : files) {
    if (::access(file.c_str(), R_OK) != 0)
      throw SystemFailure(fmt::format("cannot open {}: {}", file, std::strerror(errno)),
                          Hint::program("ls -l " + shell_word(file)));
  }
  return files;
}

}  // namespace tablegate::loader
