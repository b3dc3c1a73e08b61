#include "node/service_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>

#include "node/output_folder.hpp"

namespace tablegate::loader {

void notify_service(std::string_view state) {
  static std::set<std::string, std::less<>> told;
  const char* const name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || !told.emplace(state).second) return;
  const size_t length = std::strlen(name);
  sockaddr_un address{};
  if (length == 0 || length >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.number() < 0) return;
  ::sendto(socket.number(), state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
}

}  // namespace tablegate::loader
