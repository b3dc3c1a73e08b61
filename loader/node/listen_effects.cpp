#include "node/listen_effects.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/descriptor.hpp"
#include "model/listen_address.hpp"

namespace tablegate::loader {
namespace {

struct Socket {
  std::string text;
  ListenAddress address;
  bool ssl = false, http2 = false;
};
using Sockets = std::map<std::string, Socket>;  // by ListenAddress::socket

// As nginx writes addresses, which is more than a GatewayInstance may: "*:80", and an address without a port.
std::optional<ListenAddress> parse_nginx_listen(const std::string& text) {
  if (text.compare(0, 2, "*:") == 0) return parse_listen(text.substr(2));
  if (text == "*") return parse_listen("80");
  if (text.compare(0, 10, "localhost:") == 0) return parse_listen("127.0.0.1:" + text.substr(10));
  if (auto address = parse_listen(text)) return address;
  return parse_listen(text + ":80");
}

Sockets sockets_of(const std::vector<NginxServer>& servers) {
  Sockets sockets;
  for (const NginxServer& server : servers) {
    for (const NginxListen& listen : server.listens) {
      const auto address = parse_nginx_listen(listen.text);
      if (!address) continue;
      Socket& socket = sockets[address->socket];
      socket = {listen.text, *address, socket.ssl || listen.ssl,
                socket.http2 || listen.http2 || server.http2};
    }
  }
  return sockets;
}

// The blocks of others that listen where `is_meant` holds.
struct Others {
  const NginxServer* first = nullptr;
  std::string listen;  // of the first
  size_t count = 0;
  bool ssl = false, plain = false, http2 = false;

  std::string text() const {
    return first->text() + (count > 1 ? fmt::format(" and {} more", count - 1) : "");
  }
};
template <typename Condition>
Others find_others(const std::vector<NginxServer>& all, const Condition& is_meant) {
  Others others;
  for (const NginxServer& server : all) {
    if (server.guest) continue;
    for (const NginxListen& listen : server.listens) {
      const auto address = parse_nginx_listen(listen.text);
      if (!address || !is_meant(*address)) continue;
      if (others.count == 0) others.listen = listen.text;
      if (others.first != &server) ++others.count;
      if (others.first == nullptr) others.first = &server;
      (listen.ssl ? others.ssl : others.plain) = true;
      others.http2 = others.http2 || listen.http2;
    }
  }
  return others;
}

class Judge {
 public:
  Judge(const Socket& socket, const std::vector<NginxServer>& all, ListenEffects& effects)
      : socket_(socket), all_(all), effects_(effects) {}

  void run() {
    const ListenAddress& mine = socket_.address;
    const Others same = find_others(all_, [&](const ListenAddress& it) { return it.socket == mine.socket; });
    if (same.count > 0) return shared(same);
    const Others wide = find_others(all_, [&](const ListenAddress& it) {
      return it.any && !mine.any && it.port == mine.port && it.ipv6 == mine.ipv6;
    });
    if (wide.count > 0) {
      fault(fmt::format("it would take all requests to this address from {}, which listens on {}",
                        wide.text(), wide.listen),
            fmt::format("{} in the GatewayInstance, or `listen {}` for that server too", mine.port,
                        socket_.text));
    }
    const Others narrow = find_others(all_, [&](const ListenAddress& it) {
      return mine.any && !it.any && it.port == mine.port && it.ipv6 == mine.ipv6;
    });
    if (narrow.count > 0) {
      note(fmt::format("requests to {} continue to go to {} only: generated blocks do not listen there",
                       narrow.listen, narrow.text()));
    }
    const Others fourth = find_others(all_, [&](const ListenAddress& it) {
      return mine.any && mine.ipv6 && it.any && !it.ipv6 && it.port == mine.port;
    });
    if (fourth.count > 0) {
      note(
          fmt::format("{} does not listen there, so its hosts are unknown over IPv6: `listen {}` for it, or "
                      "0.0.0.0:{} in the GatewayInstance",
                      fourth.text(), socket_.text, mine.port));
    }
  }

 private:
  void shared(const Others& same) {
    if (socket_.ssl ? same.plain : same.ssl) {
      return fault(fmt::format("{} there {} TLS, and nginx would use TLS for both", same.text(),
                               socket_.ssl ? "does not use" : "uses"),
                   "another port in the GatewayInstance");
    }
    std::string text =
        fmt::format("{} listens there too, and receives the hosts that no block names", same.text());
    if (socket_.ssl) text += "; its ssl_protocols apply to the domains as well";
    if (socket_.ssl && socket_.http2 && !same.http2) text += "; it has no HTTP/2, so the domains have none";
    note(text);
  }

  void note(const std::string& text) {
    effects_.notes.push_back(fmt::format("listen {}: {}", socket_.text, text));
  }

  void fault(const std::string& text, const std::string& help) {
    effects_.faults.push_back(
        fmt::format("listen {}: {}; domains.conf stays as it was. What helps: {}", socket_.text, text, help));
  }

  const Socket& socket_;
  const std::vector<NginxServer>& all_;
  ListenEffects& effects_;
};

bool is_new(const Socket& socket, const Sockets& before) {
  const auto there = before.find(socket.address.socket);
  return there == before.end() || there->second.ssl != socket.ssl || there->second.http2 != socket.http2;
}

}  // namespace

bool has_new_listen(const std::vector<NginxServer>& ours, const std::vector<NginxServer>& before) {
  const Sockets old = sockets_of(before);
  const Sockets now = sockets_of(ours);
  return std::any_of(now.begin(), now.end(), [&old](const auto& item) { return is_new(item.second, old); });
}

ListenEffects listen_effects(const std::vector<NginxServer>& ours, const std::vector<NginxServer>& before,
                             const std::vector<NginxServer>& all) {
  ListenEffects effects;
  const Sockets old = sockets_of(before);
  for (const auto& [key, socket] : sockets_of(ours)) {
    if (is_new(socket, old)) Judge(socket, all, effects).run();
  }
  return effects;
}

bool has_ipv6() {
  const Descriptor tried(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  return tried.number() >= 0 &&
         ::bind(tried.number(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0;
}

}  // namespace tablegate::loader
