// Tells systemd how a service of Type=notify does (sd_notify(3)'s protocol: one
// datagram); nothing where nobody asked for it by NOTIFY_SOCKET.
#pragma once

#include <string_view>

namespace tablegate::loader {

// "READY=1", "STOPPING=1"; each state is told once.
void notify_service(std::string_view state);

}  // namespace tablegate::loader
