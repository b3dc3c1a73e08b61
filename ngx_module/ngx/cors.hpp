// tablegate_cors: web pages of the listed origins may read the answers of a
// location (https://fetch.spec.whatwg.org/#http-cors-protocol). A preflight is
// answered before anybody asks for a credential, because browsers send none with
// it. Cookies are never allowed; a credential is a header that the page sets.
#pragma once

#include "ngx/ngx.hpp"

namespace tablegate::ngx {

// tablegate_cors off | * | ORIGIN ...;
char* set_cors(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;

// Of the preaccess phase: after what limits requests, before what asks for credentials.
ngx_int_t preflight_handler(ngx_http_request_t* r) noexcept;

// Adds the headers to every answer, error pages of nginx and redirects included. From postconfiguration.
void install_cors_filter();

}  // namespace tablegate::ngx
