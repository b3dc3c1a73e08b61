#include "pg/dsn.hpp"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <string.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

namespace tablegate::pg {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const {
    // libpq frees without wiping; a password may be among the values.
    for (PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
      if (option->val != nullptr) explicit_bzero(option->val, strlen(option->val));
    }
    PQconninfoFree(options);
  }
};

bool is_numeric(const std::string& address) {
  const std::string plain = address.substr(0, address.find('%'));  // without an IPv6 scope
  unsigned char binary[sizeof(in6_addr)];
  return inet_pton(AF_INET, plain.c_str(), binary) == 1 || inet_pton(AF_INET6, plain.c_str(), binary) == 1;
}

bool is_port(const std::string& text) {
  unsigned port = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, port);
  return text.empty() || (parsed.ec == std::errc() && parsed.ptr == end && port >= 1 && port <= 65535);
}

// As libpq does it: "a,,b" has three elements, "" has none.
std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  if (list.empty()) return parts;
  std::size_t begin = 0;
  for (std::size_t comma = list.find(','); comma != std::string::npos; comma = list.find(',', begin)) {
    parts.push_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
  parts.push_back(list.substr(begin));
  return parts;
}

core::Result<std::vector<Endpoint>> pair_up(const std::string& host, const std::string& hostaddr,
                                            const std::string& port) {
  const std::vector<std::string> hosts = split(host);
  const std::vector<std::string> addresses = split(hostaddr);
  const std::vector<std::string> ports = split(port);
  std::size_t count = addresses.empty() ? hosts.size() : addresses.size();
  if (count == 0) count = 1;
  if (!hosts.empty() && hosts.size() != count) {
    return core::Error{"the connection string has different numbers of hosts and addresses", "hostaddr"};
  }
  if (ports.size() > 1 && ports.size() != count) {
    return core::Error{"the connection string has different numbers of hosts and ports", "port"};
  }
  std::vector<Endpoint> endpoints(count);
  for (std::size_t i = 0; i < count; ++i) {
    Endpoint& endpoint = endpoints[i];
    if (!hosts.empty()) endpoint.host = hosts[i];
    if (!addresses.empty()) endpoint.hostaddr = addresses[i];
    if (!ports.empty()) endpoint.port = ports.size() == 1 ? ports[0] : ports[i];
    if (!endpoint.hostaddr.empty() && !is_numeric(endpoint.hostaddr)) {
      return core::Error{"an address of the connection string is not numeric", "hostaddr"};
    }
    if (!is_port(endpoint.port)) {
      return core::Error{"a port of the connection string is not a number from 1 to 65535", "port"};
    }
  }
  return endpoints;
}

}  // namespace

bool Endpoint::needs_resolution() const {
  return hostaddr.empty() && !host.empty() && host[0] != '/' && host[0] != '@' && !is_numeric(host);
}

std::string Endpoint::label() const {
  std::string text = host;
  if (!hostaddr.empty() && hostaddr != host) text += host.empty() ? hostaddr : " (" + hostaddr + ")";
  if (text.empty()) text = "default host";
  if (!port.empty()) text += ":" + port;
  return text;
}

bool Dsn::needs_resolution() const {
  for (const Endpoint& endpoint : endpoints_) {
    if (endpoint.needs_resolution()) return true;
  }
  return false;
}

core::Status Dsn::set_addresses(std::size_t index, const std::vector<std::string>& addresses) {
  if (index >= endpoints_.size()) return core::Error{"no such endpoint", std::to_string(index)};
  const Endpoint original = endpoints_[index];
  if (addresses.empty()) return core::Error{"host not found", original.host};
  std::vector<Endpoint> replacements;
  for (const std::string& address : addresses) {
    if (!is_numeric(address)) return core::Error{"not a numeric address", original.host};
    replacements.push_back({original.host, address, original.port});
  }
  const auto position = endpoints_.begin() + static_cast<std::ptrdiff_t>(index);
  endpoints_.insert(endpoints_.erase(position), replacements.begin(), replacements.end());
  return core::Done{};
}

core::Result<std::vector<std::string>> Dsn::resolve(const Resolver& resolver) {
  std::vector<std::string> unknown;
  std::vector<Endpoint> before;
  before.swap(endpoints_);
  for (const Endpoint& endpoint : before) {
    endpoints_.push_back(endpoint);
    if (!endpoint.needs_resolution()) continue;
    const std::vector<std::string> addresses = resolver(endpoint.host);
    if (addresses.empty()) {
      endpoints_.pop_back();
      if (std::find(unknown.begin(), unknown.end(), endpoint.host) == unknown.end())
        unknown.push_back(endpoint.host);
    } else if (const core::Status set = set_addresses(endpoints_.size() - 1, addresses); !set) {
      endpoints_.swap(before);
      return set.error();
    }
  }
  if (!endpoints_.empty()) return unknown;
  endpoints_.swap(before);
  return core::Error{"host not found", unknown.front()};
}

ConnectKeywords Dsn::keywords(std::size_t index) const {
  ConnectKeywords arrays;
  const auto add = [&arrays](const char* keyword, const char* value) {
    arrays.keywords.push_back(keyword);
    arrays.values.push_back(value);
  };
  const Endpoint& endpoint = endpoints_[index];
  if (!endpoint.host.empty()) add("host", endpoint.host.c_str());
  if (!endpoint.hostaddr.empty()) add("hostaddr", endpoint.hostaddr.c_str());
  if (!endpoint.port.empty()) add("port", endpoint.port.c_str());
  for (const Parameter& parameter : parameters_) add(parameter.keyword.c_str(), parameter.value.c_str());
  if (!password_.empty()) add("password", password_.c_str());
  // GSSAPI encryption needs blocking look-ups of the KDC, and libpq to read and write.
  add("gssencmode", "disable");
  add("client_encoding", "UTF8");
  add("fallback_application_name", "tablegate");
  add(nullptr, nullptr);
  return arrays;
}

core::Result<Dsn> parse_dsn(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return core::Error{"not a connection string: it has a NUL", ""};
  const core::Secret copy(text);
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(copy.c_str(), &message));
  if (message != nullptr) {
    // libpq's message quotes the string, which may hold a password.
    explicit_bzero(message, strlen(message));
    PQfreemem(message);
  }
  if (!options) return core::Error{"not a connection string that libpq understands", ""};

  Dsn dsn;
  std::string host;
  std::string hostaddr;
  std::string port;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "service" || keyword == "replication") {
      return core::Error{"a connection string must not use " + std::string(keyword), std::string(keyword)};
    }
    if (keyword == "gssencmode" && std::string_view(option->val) == "require") {
      return core::Error{"encryption by GSSAPI is not supported: use TLS (sslmode), or gssencmode=disable",
                         "gssencmode"};
    }
    if (keyword == "host") {
      host = option->val;
    } else if (keyword == "hostaddr") {
      hostaddr = option->val;
    } else if (keyword == "port") {
      port = option->val;
    } else if (keyword == "password") {
      dsn.password_ = core::Secret(option->val);
    } else if (keyword != "client_encoding" && keyword != "fallback_application_name" &&
               keyword != "connect_timeout" &&
               keyword != "gssencmode") {  // ours; connect_timeout has no effect on PQconnectPoll
      dsn.parameters_.push_back({std::string(keyword), core::Secret(option->val)});
    }
  }
  core::Result<std::vector<Endpoint>> endpoints = pair_up(host, hostaddr, port);
  if (!endpoints) return endpoints.error();
  dsn.endpoints_ = std::move(*endpoints);
  return dsn;
}

}  // namespace tablegate::pg
