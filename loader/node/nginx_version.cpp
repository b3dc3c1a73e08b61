#include "node/nginx_version.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <system_error>
#include <tuple>

#include "base/refusal.hpp"
#include "node/shell_command.hpp"

namespace tablegate::loader {
namespace {

// The words of a command as sh splits them, with simple quoting: enough to find a program's name.
std::vector<std::string> shell_words(const std::string& command) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  bool inside = false;
  for (size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      inside = true;
    } else if (std::string_view(" \t\n;|&()<>").find(c) != std::string_view::npos) {
      if (inside) words.push_back(word);
      word.clear();
      inside = false;
    } else {
      word += c == '\\' && i + 1 < command.size() ? command[++i] : c;
      inside = true;
    }
  }
  if (inside) words.push_back(word);
  return words;
}

// Only programs whose names need no quoting are run.
bool is_plain(const std::string& program) {
  return program.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+/-") ==
         std::string::npos;
}

}  // namespace

bool NginxVersion::has_http2_directive() const {
  return std::tie(major, minor, patch) >= std::make_tuple(1, 25, 1);
}

std::optional<NginxVersion> parse_nginx_version(const std::string& text) {
  std::string number = text;
  for (const char* const name : {"nginx/", "openresty/"}) {
    const size_t at = text.find(std::string("version: ") + name);
    if (at != std::string::npos) number = text.substr(text.find('/', at) + 1);
  }
  NginxVersion version;
  const char* at = number.data();
  const char* const end = at + number.size();
  for (int* const part : {&version.major, &version.minor, &version.patch}) {
    if (part != &version.major && (at == end || *at++ != '.')) return std::nullopt;
    const auto [next, error] = std::from_chars(at, end, *part);
    if (error != std::errc() || *part < 0) return std::nullopt;
    at = next;
  }
  return version;
}

std::vector<std::string> nginx_programs(const std::string& command) {
  std::vector<std::string> programs;
  for (const std::string& word : shell_words(command)) {
    const size_t slash = word.rfind('/');
    const bool nginx = word.substr(slash == std::string::npos ? 0 : slash + 1) == "nginx";
    if (nginx && is_plain(word)) programs.push_back(word);
  }
  return programs;
}

std::optional<NginxVersion> find_nginx_version(const std::string& wanted,
                                               const std::vector<std::string>& commands) {
  if (!wanted.empty()) {
    const std::optional<NginxVersion> version = parse_nginx_version(wanted);
    if (!version) {
      throw WrongUsage(fmt::format("\"{}\" is not a version of nginx", wanted),
                       Hint::again().set("--nginx-version", "1.22.1"));
    }
    return version;
  }
  std::vector<std::string> programs;
  for (const std::string& command : commands) {
    for (std::string& program : nginx_programs(command)) programs.push_back(std::move(program));
  }
  programs.insert(programs.end(), {"nginx", "/usr/sbin/nginx"});
  for (const std::string& program : programs) {
    if (const auto version = parse_nginx_version(run_shell(program + " -v").output)) return version;
  }
  return std::nullopt;
}

}  // namespace tablegate::loader
