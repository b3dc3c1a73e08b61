// The id of a request: nginx's variable $request_id, which is sent as
// X-Ca-Request-Id and is what logs have. The variable's handler is replaced by one
// of ours: nginx draws 16 bytes from OpenSSL for each id, ours takes them from
// what the worker has drawn at once (core/random_bytes.hpp). The value is the same in all
// places, also outside of our locations: 32 random hexadecimal digits.
#pragma once

#include <string_view>

#include "ngx/config.hpp"
#include "ngx/ngx.hpp"

namespace tablegate::ngx {

// For postconfiguration, which is before nginx binds the variables of the configuration to their handlers.
// False: no memory.
bool install_request_id(ngx_conf_t* cf, MainConfig& config);

// Lives as long as the request. Empty: it could not be made.
std::string_view request_id(ngx_http_request_t* r);

}  // namespace tablegate::ngx
