#include "model/listen_address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <map>

namespace tablegate::loader {
namespace {

// Without a leading zero: nginx would take "080" too, but no two texts shall mean one port.
std::optional<int> parse_port(std::string_view text) {
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || text.size() > 5 || text.front() == '0' || !digits) return std::nullopt;
  const int port = std::stoi(std::string(text));
  if (port > 65535) return std::nullopt;
  return port;
}

ListenAddress socket_of(int family, const void* address, size_t size, int port) {
  const std::string bytes(static_cast<const char*>(address), size);
  return {fmt::format("{} {} {}", family, bytes, port), port, family == AF_INET6,
          bytes.find_first_not_of('\0') == std::string::npos};
}

}  // namespace

std::optional<ListenAddress> parse_listen(std::string_view listen) {
  const size_t colon = listen.rfind(':');
  const bool alone = colon == std::string_view::npos;
  const std::optional<int> port = parse_port(alone ? listen : listen.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string host(alone ? "0.0.0.0" : listen.substr(0, colon));
  if (host.find('\0') != std::string::npos) return std::nullopt;
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (inet_pton(AF_INET, host.c_str(), address.data()) == 1)
    return socket_of(AF_INET, address.data(), sizeof(in_addr), *port);
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return std::nullopt;
  host = host.substr(1, host.size() - 2);
  if (inet_pton(AF_INET6, host.c_str(), address.data()) != 1) return std::nullopt;
  return socket_of(AF_INET6, address.data(), address.size(), *port);
}

std::string listen_clash(const std::vector<std::string>& http, const std::vector<std::string>& https) {
  std::map<std::string, std::string> taken;
  for (const auto* const list : {&http, &https}) {
    for (const std::string& text : *list) {
      const std::optional<ListenAddress> address = parse_listen(text);
      if (!address) continue;
      const auto [other, added] = taken.try_emplace(address->socket, text);
      if (!added) return fmt::format("{} and {} are the same socket", other->second, text);
    }
  }
  return {};
}

}  // namespace tablegate::loader
