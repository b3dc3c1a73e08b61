// A `listen` address of a GatewayInstance: a port, address:port or [v6]:port, and
// nothing else, because it is written to a file that nginx reads as root. Two texts
// of one socket ("80", "0.0.0.0:80") compare as equal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tablegate::loader {

struct ListenAddress {
  std::string socket;  // address family and bytes: equal for one and the same socket
  int port = 0;
  bool ipv6 = false;
  bool any = false;  // all addresses of its family
};

// nullopt: it is none.
std::optional<ListenAddress> parse_listen(std::string_view listen);

// Why these lists cannot stand together ("80 and 0.0.0.0:80 are the same socket"), or empty. Texts that are
// no address are passed over.
std::string listen_clash(const std::vector<std::string>& http, const std::vector<std::string>& https);

}  // namespace tablegate::loader
