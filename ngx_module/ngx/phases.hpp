// The two phases of nginx in which a call is worked on. Access: route, prove,
// authorise. Content: bind the parameters, start the flight, send the answer. A
// request owns a deadline timer from there to its end; past it the caller gets
// 504 and the statement is cancelled.
#pragma once

#include "ngx/ngx.hpp"

namespace tablegate::ngx {

// Phase handlers.
ngx_int_t access_handler(ngx_http_request_t* r) noexcept;
ngx_int_t content_handler(ngx_http_request_t* r) noexcept;

}  // namespace tablegate::ngx
