// The only place that includes nginx's headers, which know nothing of C++, and
// the few conversions between its types and ours.
#pragma once

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>
}

#include <cstddef>
#include <string_view>

extern "C" ngx_module_t ngx_http_tablegate_module;

namespace tablegate::ngx {

inline std::string_view view(const ngx_str_t& text) {
  return {reinterpret_cast<const char*>(text.data), text.len};
}

// nginx never writes through these.
inline ngx_str_t str(std::string_view text) {
  return {text.size(), const_cast<u_char*>(reinterpret_cast<const u_char*>(text.data()))};
}

// NGX_CONF_ERROR is (void *) -1.
inline char* conf_error() {
  return static_cast<char*>(NGX_CONF_ERROR);
}

// The same, with a line in the log.
inline char* conf_error(ngx_conf_t* cf, std::string_view message) {
  ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%*s", message.size(), message.data());
  return conf_error();
}

}  // namespace tablegate::ngx
