// tablegate_guest: a server block that shares its addresses with those of
// others. Generated blocks have it. Where another block listens on the same
// address, that one is the default server, in whatever order they are read, and
// it alone decides about HTTP/2 there.
#pragma once

#include "ngx/ngx.hpp"

namespace tablegate::ngx {

// Plain, because nginx allocates it in its own pool.
struct ServerConfig {
  bool guest;
  bool http2;  // HTTP/2 on addresses that only guests listen on
};

void* create_server_config(ngx_conf_t* cf) noexcept;
// tablegate_guest [http2];
char* set_guest(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;

// Postconfiguration, when all listen lines are read and no socket is open yet.
void place_guests(ngx_conf_t* cf);

}  // namespace tablegate::ngx
