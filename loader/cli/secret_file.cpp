#include "cli/secret_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "base/refusal.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {
namespace {

constexpr std::array<std::string_view, 4> kOptions = {"--credential", "--from-file", "--secret-file",
                                                      "--jwks"};

// A file that is there, or a name in a folder that is there: no secret begins with that. Base64 may begin
// with a slash, so the root folder does not count.
bool is_path(std::string_view text) {
  const std::filesystem::path path(text);
  const std::filesystem::path folder = path.parent_path();
  std::error_code ignored;
  return text == "-" || std::filesystem::exists(path, ignored) ||
         (folder.has_relative_path() && std::filesystem::is_directory(folder, ignored));
}

bool is_joined(const std::string& word, std::string_view option) {
  return word.size() > option.size() && word.compare(0, option.size(), option) == 0 &&
         word[option.size()] == '=';
}

}  // namespace

std::string read_secret_file(const std::string& option, const std::string& path, size_t limit) {
  if (!is_path(path)) {
    throw SystemFailure(
        fmt::format("{} requires the name of a file (or - for standard input), not the secret "
                    "itself: there is no file of the given name",
                    option),
        Hint::again().set(option, "FILE"));
  }
  return read_file(path, limit);
}

bool may_be_secret(const std::vector<std::string>& words, size_t at) {
  return std::any_of(kOptions.begin(), kOptions.end(), [&](std::string_view option) {
    if (is_joined(words[at], option)) return !is_path(std::string_view(words[at]).substr(option.size() + 1));
    return at > 0 && words[at - 1] == option && !is_path(words[at]);
  });
}

bool names_secret(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return std::any_of(kOptions.begin(), kOptions.end(), [&word](std::string_view option) {
      return word == option || is_joined(word, option);
    });
  });
}

}  // namespace tablegate::loader
