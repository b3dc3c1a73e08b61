// `tablegate_status;`: what this node serves and has counted (core/status.hpp),
// as JSON, for Prometheus or as a page, by the request's Accept; with the
// argument `usage` the list of callers.
#pragma once

#include "ngx/ngx.hpp"

namespace tablegate::ngx {

// The location's content handler.
ngx_int_t status_handler(ngx_http_request_t* r) noexcept;

}  // namespace tablegate::ngx
