// The $tablegate_* variables. Each comes from our own route and proof, never
// from what a caller sends.
#pragma once

#include "ngx/ngx.hpp"

namespace tablegate::ngx {

ngx_int_t add_variables(ngx_conf_t* cf) noexcept;

}  // namespace tablegate::ngx
