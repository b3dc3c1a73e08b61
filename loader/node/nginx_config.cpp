#include "node/nginx_config.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "node/nginx_version.hpp"
#include "node/shell_command.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kFileMark = "# configuration file ";
constexpr int kDeepest = 32;          // includes within includes
constexpr int kMostIncludes = 10000;  // a file that includes itself

using Files = std::map<std::string, std::string>;  // by path

// nginx -T writes "# configuration file PATH:" before each file.
Files split_dump(const std::string& output, std::string& first) {
  Files files;
  std::string* text = nullptr;
  std::string_view rest = output;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size() - 1);
    const std::string_view line = rest.substr(0, end + 1);
    rest.remove_prefix(end + 1);
    if (line.substr(0, kFileMark.size()) == kFileMark && line.size() > kFileMark.size() + 2 &&
        line.substr(line.size() - 2) == ":\n") {
      const std::string path(line.substr(kFileMark.size(), line.size() - kFileMark.size() - 2));
      if (first.empty()) first = path;
      text = &files[path];
    } else if (text != nullptr) {
      text->append(line);
    }
  }
  return files;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// The words of a configuration file, as ngx_conf_read_token() in nginx's src/core/ngx_conf_file.c splits it.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  // The next directive's words, and in `end` what ended it: ';', '{', '}' (of the block around, no words), or
  // 0.
  std::vector<std::string> next(char& end) {
    std::vector<std::string> words;
    for (;;) {
      skip_space();
      if (words.empty()) line_ = line_now_;
      end = at_ < text_.size() ? text_[at_] : '\0';
      if (end == '\0') return words;
      if (end == ';' || end == '{' || end == '}') {
        ++at_;
        return words;
      }
      words.push_back(end == '"' || end == '\'' ? quoted(end) : plain());
    }
  }

  int line() const { return line_; }

  // Lua code of a block, which has other rules: up to the brace that closes it.
  void skip_code() {
    for (int depth = 1; at_ < text_.size() && depth > 0; step()) {
      if (text_[at_] == '{') ++depth;
      if (text_[at_] == '}') --depth;
    }
  }

 private:
  char step() {
    if (text_[at_] == '\n') ++line_now_;
    return text_[at_++];
  }

  void skip_space() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (is_space(text_[at_])) {
        step();
      } else {
        return;
      }
    }
  }

  std::string quoted(char quote) {
    std::string word;
    for (++at_; at_ < text_.size() && text_[at_] != quote; word += step()) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
    }
    if (at_ < text_.size()) ++at_;
    return word;
  }

  std::string plain() {
    std::string word;
    while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != ';') {
      if (text_[at_] == '{' && (word.empty() || word.back() != '$')) break;
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) word += step();
      word += step();
    }
    return word;
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1, line_now_ = 1;
};

enum class Block { main, http, server, service, other };

class Reader {
 public:
  Reader(Files files, const std::string& main) : files_(std::move(files)) {
    const size_t slash = main.rfind('/');
    if (slash != std::string::npos) prefix_ = main.substr(0, slash + 1);
    for (const auto& [path, text] : files_) config_.files.push_back(path);
    config_.main_file = main;
  }

  NginxConfig run(const std::string& file, Block block) {
    read_file(file, block, 0);
    return std::move(config_);
  }

 private:
  void read_file(const std::string& path, Block block, int depth) {
    const auto file = files_.find(path);
    if (file == files_.end() || depth > kDeepest || ++includes_ > kMostIncludes) return;
    Words words(file->second);
    char end = 0;
    do read(words, path, block, depth, end);
    while (end != '\0');
  }

  // The directives up to the end of a block or of the file.
  void read(Words& words, const std::string& path, Block block, int depth, char& end) {
    for (;;) {
      const std::vector<std::string> found = words.next(end);
      if (end == '\0' || end == '}') return;
      if (found.empty()) continue;
      if (end == ';') {
        take(found, block, depth);
      } else if (ends_with(found[0], "_by_lua_block")) {
        words.skip_code();
      } else {
        const Block inner = open(found, path, words.line(), block);
        read(words, path, inner, depth, end);
        if (end == '\0') return;
      }
    }
  }

  static bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
  }

  Block open(const std::vector<std::string>& words, const std::string& path, int line, Block block) {
    if (block == Block::main && words[0] == "http") return Block::http;
    if (block == Block::http && words[0] == "server") {
      config_.servers.emplace_back();
      config_.servers.back().file = path;
      config_.servers.back().line = line;
      return Block::server;
    }
    if (block == Block::http && words[0] == "tablegate_service") {
      config_.services.push_back({words.size() > 1 ? words[1] : "", {}, {}});
      return Block::service;
    }
    return Block::other;
  }

  void take(const std::vector<std::string>& words, Block block, int depth) {
    const std::string& name = words[0];
    const std::string first = words.size() > 1 ? words[1] : "";
    if (name == "include") {
      include(absolute(first), block, depth);
    } else if (block == Block::main && name == "user") {
      config_.user = first;
    } else if (block == Block::http && name == "tablegate_manifest") {
      config_.manifests.push_back(absolute(first));
    } else if (block == Block::service) {
      if (name == "dsn") config_.services.back().dsn = first;
      if (name == "password_file") config_.services.back().password_file = absolute(first);
    } else if (block == Block::server && !config_.servers.empty()) {
      take_of_server(words, config_.servers.back());
    }
  }

  static void take_of_server(const std::vector<std::string>& words, NginxServer& server) {
    const auto has = [&words](const char* word) {
      return std::find(words.begin() + 1, words.end(), word) != words.end();
    };
    if (words[0] == "listen" && words.size() > 1) {
      server.listens.push_back({words[1], has("ssl"), has("http2"), has("default_server") || has("default")});
    } else if (words[0] == "server_name") {
      server.names.insert(server.names.end(), words.begin() + 1, words.end());
    } else if (words[0] == "tablegate_guest") {
      server.guest = true;
      server.http2 = server.http2 || has("http2");
    } else if (words[0] == "http2") {
      server.http2 = has("on");
    }
  }

  std::string absolute(const std::string& path) const {
    return path.empty() || path[0] == '/' ? path : prefix_ + path;
  }

  // In the order of their names, as glob(3) sorts them.
  void include(const std::string& pattern, Block block, int depth) {
    for (const auto& [path, text] : files_) {
      if (path == pattern || ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0)
        read_file(path, block, depth + 1);
    }
  }

  Files files_;
  std::string prefix_;
  int includes_ = 0;
  NginxConfig config_;
};

// nginx listens on port 80 where a block has no listen line.
void add_default_listen(std::vector<NginxServer>& servers) {
  for (NginxServer& server : servers) {
    if (server.listens.empty()) server.listens.push_back({"80", false, false, false});
  }
}

}  // namespace

std::string NginxServer::text() const {
  return fmt::format("server {} ({}:{})", names.empty() || names[0].empty() ? "without a name" : names[0],
                     file, line);
}

std::optional<NginxConfig> parse_nginx_dump(const std::string& output) {
  std::string first;
  Files dumped = split_dump(output, first);
  if (dumped.empty()) return std::nullopt;
  Reader reader(std::move(dumped), first);
  NginxConfig config = reader.run(first, Block::main);
  add_default_listen(config.servers);
  return config;
}

std::vector<NginxServer> parse_nginx_servers(const std::string& text, const std::string& file) {
  return Reader({{file, text}}, file).run(file, Block::http).servers;
}

namespace {

// Where nginx's -t is in a command; npos: it does not run nginx -t.
size_t find_test_option(const std::string& check) {
  const std::vector<std::string> programs = nginx_programs(check);
  if (programs.empty()) return std::string::npos;
  const auto ends_word = [](char c) { return is_space(c) || c == ';' || c == '&' || c == '|' || c == ')'; };
  for (size_t at = check.find("-t", check.find(programs[0])); at != std::string::npos;
       at = check.find("-t", at + 1)) {
    const size_t behind = at + 2;
    if (!is_space(check[at - 1]) || (behind < check.size() && !ends_word(check[behind]))) continue;
    return at;
  }
  return std::string::npos;
}

}  // namespace

std::optional<std::string> dump_command(const std::string& check) {
  const size_t at = find_test_option(check);
  if (at == std::string::npos) return std::nullopt;
  std::string command = check;
  return command.replace(at, 2, "-T");
}

std::optional<std::string> start_command(const std::string& check) {
  const size_t at = find_test_option(check);
  if (at == std::string::npos) return std::nullopt;
  std::string command = check;
  return command.erase(at - 1, 3);  // with the space before it
}

std::string start_of(const NginxConfig& config, const std::string& check) {
  const bool packaged = config.main_file == "/etc/nginx/nginx.conf";
  return packaged ? "systemctl start nginx" : start_command(check).value_or("nginx");
}

std::string start_of(const std::string& check, std::chrono::milliseconds limit) {
  const std::optional<NginxConfig> config = read_nginx_config(check, limit);
  return config ? start_of(*config, check) : start_command(check).value_or("nginx");
}

std::optional<NginxConfig> read_nginx_config(const std::string& check, std::chrono::milliseconds limit) {
  const std::optional<std::string> command = dump_command(check);
  if (!command) return std::nullopt;
  const ShellOutcome outcome = run_shell(*command, limit, kMostDump);
  return outcome.ok ? parse_nginx_dump(outcome.output) : std::nullopt;
}

}  // namespace tablegate::loader
