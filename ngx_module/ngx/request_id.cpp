#include "ngx/request_id.hpp"

#include <cstring>

#include "ngx/worker.hpp"

namespace tablegate::ngx {

namespace {

constexpr size_t kIdBytes = 16;

ngx_int_t make_request_id(ngx_http_request_t* r, ngx_http_variable_value_t* value, uintptr_t data) noexcept {
  const MainConfig& config = main_config(r);
  unsigned char bytes[kIdBytes];
  // A process without a Worker serves no API.
  if (config.worker == nullptr || !config.worker->random().take(bytes, sizeof(bytes)))
    return config.nginx_request_id(r, value, data);
  auto* text = static_cast<u_char*>(ngx_pnalloc(r->pool, 2 * kIdBytes));
  if (text == nullptr) return NGX_ERROR;
  ngx_hex_dump(text, bytes, kIdBytes);
  value->data = text;
  value->len = 2 * kIdBytes;
  value->valid = 1;
  value->no_cacheable = 0;
  value->not_found = 0;
  return NGX_OK;
}

}  // namespace

bool install_request_id(ngx_conf_t* cf, MainConfig& config) {
  ngx_str_t name = ngx_string("request_id");
  config.request_id_index = ngx_http_get_variable_index(cf, &name);
  if (config.request_id_index == NGX_ERROR) return false;
  const auto* core = static_cast<const ngx_http_core_main_conf_t*>(
      ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
  // nginx's own variable cannot be added again (ngx_http_add_variable). It is one of these, from which nginx
  // takes all handlers after postconfiguration.
  const auto* keys = static_cast<const ngx_hash_key_t*>(core->variables_keys->keys.elts);
  for (ngx_uint_t i = 0; i < core->variables_keys->keys.nelts; ++i) {
    if (keys[i].key.len != name.len || std::memcmp(keys[i].key.data, name.data, name.len) != 0) continue;
    auto* variable = static_cast<ngx_http_variable_t*>(keys[i].value);
    config.nginx_request_id = variable->get_handler;
    variable->get_handler = make_request_id;
  }
  return true;
}

std::string_view request_id(ngx_http_request_t* r) {
  const ngx_int_t index = main_config(r).request_id_index;
  const ngx_http_variable_value_t* value = ngx_http_get_indexed_variable(r, static_cast<ngx_uint_t>(index));
  if (value == nullptr || value->not_found) return {};
  return {reinterpret_cast<const char*>(value->data), value->len};
}

}  // namespace tablegate::ngx
