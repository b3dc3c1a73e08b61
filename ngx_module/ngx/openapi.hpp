// `tablegate_openapi;`: answers the OpenAPI document of the request's host, bytes
// as `tablegate sync` wrote them. A location's content handler: `tablegate` is off
// there.
#pragma once

#include "ngx/ngx.hpp"

namespace tablegate::ngx {

// Directive handler; `conf` is the location's.
char* set_openapi(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;

}  // namespace tablegate::ngx
