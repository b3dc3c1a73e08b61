#include "model/allowed_sources.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>

#include "base/file_root.hpp"
#include "base/refusal.hpp"
#include "base/trusted_folder.hpp"
#include "core/text/ascii.hpp"
#include "model/name_rules.hpp"

namespace tablegate::loader {
namespace {

constexpr const char* kDefaultPort = "5432";
constexpr size_t kMaxList = size_t{1} << 20;

std::string lower(std::string text) {
  for (char& c : text) c = core::to_lower(c);
  return text;
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), core::is_digit);
}

// "db2:5432" of "db2", "[::1]:5432" of "::1" or "[::1]", "/run/postgresql:5432" of the folder of a socket.
std::string address_of(std::string host, std::string port) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (port.empty()) port = kDefaultPort;
  const bool six = host.find(':') != std::string::npos && host.front() != '/';
  return fmt::format("{}:{}", six ? "[" + lower(host) + "]" : host.front() == '/' ? host : lower(host), port);
}

// Of a rule's HOST[:PORT]; empty: it is none.
std::string read_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  const bool bare_six =
      colon != std::string::npos && text.find(':') != colon && text.front() != '[' && text.front() != '/';
  const bool port = colon != std::string::npos && !bare_six && is_number(text.substr(colon + 1));
  const std::string host = port ? text.substr(0, colon) : text;
  const bool plain_host = host.find_first_of(" ,@?=") == std::string::npos && !host.empty();
  return plain_host ? address_of(host, port ? text.substr(colon + 1) : "") : "";
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Where libpq connects to by this connection string. What the string leaves out comes from our environment,
// which is the service's own.
std::vector<std::string> addresses_of(const DataSourceDefinition& source) {
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(source.dsn.c_str(), nullptr), &PQconninfoFree);
  std::map<std::string, std::string> given;
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr;
       ++option) {
    if (option->val != nullptr && *option->val != '\0') given[option->keyword] = option->val;
  }
  for (const char* const own : {"service", "servicefile", "passfile", "sslkey", "sslcert"}) {
    if (given.count(own) == 0) continue;
    throw Refused(
        fmt::format("DataSource \"{}\": {} of a dsn would use what belongs to the service", source.name, own),
        Hint::command({"get", "datasource", source.name, "-o", "json"}));
  }
  const auto value = [&](const char* keyword, const char* variable) {
    const auto found = given.find(keyword);
    return found == given.end() ? environment(variable) : found->second;
  };
  const std::string address = value("hostaddr", "PGHOSTADDR");  // has priority over the name
  const std::string host = address.empty() ? value("host", "PGHOST") : address;
  if (options == nullptr || host.empty())
    throw Refused(fmt::format("DataSource \"{}\": its dsn names no host", source.name),
                  Hint::command({"get", "datasource", source.name, "-o", "json"}));
  const std::vector<std::string> ports = split(value("port", "PGPORT"));
  std::vector<std::string> addresses;
  const std::vector<std::string> hosts = split(host);
  for (size_t i = 0; i < hosts.size(); ++i) {
    if (hosts[i].empty())
      throw Refused(fmt::format("DataSource \"{}\": its dsn has an empty host", source.name),
                    Hint::command({"get", "datasource", source.name, "-o", "json"}));
    addresses.push_back(address_of(hosts[i], ports.size() == 1  ? ports[0]
                                             : i < ports.size() ? ports[i]
                                                                : ""));
  }
  return addresses;
}

// Scheme and host in lower case.
std::string plain_url(const std::string& url) {
  const size_t host = url.find("://") + 3;
  const size_t path = std::min(url.find('/', host), url.size());
  std::string plain = lower(url.substr(0, path)) + url.substr(path);
  while (plain.size() > path && plain.back() == '/') plain.pop_back();
  return plain;
}

std::string absolute(const std::string& path) {
  std::error_code failed;
  return std::filesystem::absolute(path, failed).lexically_normal().string();
}

std::string trimmed(const std::string& line) {
  const size_t begin = line.find_first_not_of(" \t\r");
  return begin == std::string::npos ? "" : line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

std::string read_all(int file, const std::string& path) {
  std::string text;
  std::array<char, 4096> block;
  for (;;) {
    const ssize_t got = ::read(file, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw SystemFailure(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    if (got == 0) return text;
    text.append(block.data(), static_cast<size_t>(got));
    if (text.size() > kMaxList) throw Refused(fmt::format("{} is larger than {} bytes", path, kMaxList));
  }
}

}  // namespace

AllowedSources::AllowedSources(const std::vector<std::string>& rules) : rules_(rules) {
  for (const std::string& rule : rules) {
    const size_t colon = rule.find(':');
    const std::string type = rule.substr(0, colon);
    const std::string rest = colon == std::string::npos ? "" : rule.substr(colon + 1);
    if (type == "csv" && !rest.empty() && rest.front() == '/') {
      folders_.push_back(rest);
    } else if (std::string address = type == "postgresql" ? read_address(rest) : ""; !address.empty()) {
      addresses_.push_back(std::move(address));
    } else if (type == "maxcompute" && bad_base_url(rest).empty()) {
      urls_.push_back(plain_url(rest));
    } else {
      throw WrongUsage(
          fmt::format("\"{}\" is no source: csv:/DIR, postgresql:HOST[:PORT] or maxcompute:URL", rule),
          Hint::again().replace(rule, "csv:/DIR"));
    }
  }
}

std::string AllowedSources::root_of(const std::string& path) const {
  const std::string whole = absolute(path);
  for (const std::string& folder : folders_) {
    if (path != "-" && is_beneath(folder, whole)) return folder;
  }
  return {};
}

bool AllowedSources::allows_postgresql(const std::string& address) const {
  return std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end();
}

bool AllowedSources::allows_maxcompute(const std::string& url) const {
  const std::string plain = plain_url(url);
  if (plain.find("/.") != std::string::npos) return false;  // segments that curl resolves
  return std::any_of(urls_.begin(), urls_.end(), [&plain](const std::string& allowed) {
    return plain.compare(0, allowed.size(), allowed) == 0 &&
           (plain.size() == allowed.size() || plain[allowed.size()] == '/');
  });
}

std::string AllowedSources::missing(const DataSourceDefinition& source) const {
  if (source.type == "csv") {
    if (source.path.empty() || !root_of(source.path).empty()) return {};  // without a path nothing is read
    return "csv:" + std::filesystem::path(absolute(source.path)).parent_path().string();
  }
  if (source.type == "postgresql") {
    for (const std::string& address : addresses_of(source)) {
      if (!allows_postgresql(address)) return "postgresql:" + address;
    }
    return {};
  }
  for (const std::string& url : {source.endpoint, source.tunnel_endpoint}) {
    if (!url.empty() && !allows_maxcompute(url)) return "maxcompute:" + url;
  }
  return {};
}

std::string sources_file() {
  std::string path = environment("TABLEGATE_SOURCES_FILE");
  return path.empty() ? "/etc/tablegate/sources" : path;
}

std::vector<std::string> read_sources_file() {
  const std::string path = sources_file();
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0 && errno == ENOENT) return {};
  const Descriptor folder = open_trusted_parent(path);
  const Descriptor file(
      ::openat(folder.number(), last_name(path).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.number() < 0 || ::fstat(file.number(), &about) != 0)
    throw SystemFailure(fmt::format("cannot open {}: {}", path, std::strerror(errno)),
                        Hint::program("ls -l " + shell_word(path)));
  check_trusted(path, about);
  std::vector<std::string> rules;
  const std::string text = read_all(file.number(), path);
  for (size_t begin = 0, number = 1; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string rule = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    if (rule.empty() || rule.front() == '#') continue;
    try {
      AllowedSources{{rule}};
    } catch (const WrongUsage& wrong) {
      throw Refused(fmt::format("{} line {}: {}", path, number, wrong.what()),
                    Hint::program("sed -n l " + shell_word(path)));
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace tablegate::loader
