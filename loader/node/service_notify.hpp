// Reports a service's state to systemd (Type=notify, sd_notify(3): one
// datagram); does nothing if NOTIFY_SOCKET is not set.
#pragma once

#include <string_view>

namespace tablegate::loader {

// "READY=1", "STOPPING=1"; each state is sent once.
void notify_service(std::string_view state);

}  // namespace tablegate::loader
