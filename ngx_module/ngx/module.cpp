// The module as nginx sees it: its directives, its phases, its hooks.
#include <algorithm>

#include "ngx/cache_zone.hpp"
#include "ngx/config.hpp"
#include "ngx/cors.hpp"
#include "ngx/error_filter.hpp"
#include "ngx/guest_server.hpp"
#include "ngx/openapi.hpp"
#include "ngx/phases.hpp"
#include "ngx/request_id.hpp"
#include "ngx/served_file.hpp"
#include "ngx/variables.hpp"
#include "ngx/worker.hpp"

namespace tablegate::ngx {

namespace {

ngx_conf_post_t buffer_check = {check_buffer};

ngx_command_t commands[] = {
    {ngx_string("tablegate_zone"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, set_zone, NGX_HTTP_MAIN_CONF_OFFSET,
     0, nullptr},
    {ngx_string("tablegate_manifest"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE12, set_manifest,
     NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr},
    {ngx_string("tablegate_service"), NGX_HTTP_MAIN_CONF | NGX_CONF_BLOCK | NGX_CONF_TAKE1, set_service,
     NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr},
    {ngx_string("tablegate"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG,
     set_enabled, NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, enabled), nullptr},
    {ngx_string("tablegate_hmac_window"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, ngx_conf_set_sec_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, hmac_window), nullptr},
    {ngx_string("tablegate_hmac_diagnostics"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, hmac_diagnostics), nullptr},
    {ngx_string("tablegate_errors"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, errors), nullptr},
    {ngx_string("tablegate_last_modified"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, last_modified), nullptr},
    {ngx_string("tablegate_server_timing"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, server_timing), nullptr},
    {ngx_string("tablegate_buffer"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, ngx_conf_set_size_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, buffer), &buffer_check},
    {ngx_string("tablegate_cache"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, cache), nullptr},
    {ngx_string("tablegate_cache_zone"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, set_cache_zone,
     NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr},
    {ngx_string("tablegate_stale"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, ngx_conf_set_sec_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, stale), nullptr},
    {ngx_string("tablegate_tls_terminated"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, tls_terminated), nullptr},
    {ngx_string("tablegate_trace_sql"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG, ngx_conf_set_flag_slot,
     NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocationConfig, trace_sql), nullptr},
    {ngx_string("tablegate_cors"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_1MORE, set_cors,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    {ngx_string("tablegate_guest"), NGX_HTTP_SRV_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1, set_guest,
     NGX_HTTP_SRV_CONF_OFFSET, 0, nullptr},
    {ngx_string("tablegate_status"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, set_status, 0, 0, nullptr},
    {ngx_string("tablegate_openapi"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, set_openapi,
     NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},
    ngx_null_command};

bool add_handler(ngx_http_core_main_conf_t* core, ngx_http_phases phase, ngx_http_handler_pt handler) {
  auto* place = static_cast<ngx_http_handler_pt*>(ngx_array_push(&core->phases[phase].handlers));
  if (place == nullptr) return false;
  *place = handler;
  return true;
}

// nginx runs the handlers of a phase from the last one to the first. Ours is put before all others, so it
// runs after allow and deny, auth_basic, auth_request and what other modules guard with, in whatever order
// modules are built or loaded: whom those keep out does not learn which keys are valid. ngx_module_order
// cannot do that: our header filter must stay behind nginx's own.
bool add_last_to_run(ngx_http_core_main_conf_t* core, ngx_http_phases phase, ngx_http_handler_pt handler) {
  if (!add_handler(core, phase, handler)) return false;
  auto* handlers = static_cast<ngx_http_handler_pt*>(core->phases[phase].handlers.elts);
  std::rotate(handlers, handlers + core->phases[phase].handlers.nelts - 1,
              handlers + core->phases[phase].handlers.nelts);
  return true;
}

ngx_int_t postconfiguration(ngx_conf_t* cf) noexcept try {
  auto& config = *static_cast<MainConfig*>(ngx_http_conf_get_module_main_conf(cf, ngx_http_tablegate_module));
  if (!install_request_id(cf, config)) return NGX_ERROR;
  auto* core =
      static_cast<ngx_http_core_main_conf_t*>(ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
  if (!add_last_to_run(core, NGX_HTTP_PREACCESS_PHASE, preflight_handler) ||
      !add_last_to_run(core, NGX_HTTP_ACCESS_PHASE, access_handler) ||
      !add_handler(core, NGX_HTTP_CONTENT_PHASE, content_handler)) {
    return NGX_ERROR;
  }
  install_error_filter();
  install_cors_filter();
  place_guests(cf);
  return check_config(cf, config);
} catch (...) {
  return NGX_ERROR;
}

ngx_http_module_t module_context = {
    add_variables,           // preconfiguration
    postconfiguration,       // postconfiguration
    create_main_config,      // create main configuration
    nullptr,                 // init main configuration
    create_server_config,    // create server configuration
    nullptr,                 // merge server configuration
    create_location_config,  // create location configuration
    merge_location_config,   // merge location configuration
};

}  // namespace

}  // namespace tablegate::ngx

extern "C" {
ngx_module_t ngx_http_tablegate_module = {
    NGX_MODULE_V1,
    &tablegate::ngx::module_context,
    tablegate::ngx::commands,
    NGX_HTTP_MODULE,
    nullptr,                            // init master
    tablegate::ngx::write_served_file,  // init module
    tablegate::ngx::init_process,       // init process
    nullptr,                            // init thread
    nullptr,                            // exit thread
    tablegate::ngx::exit_process,       // exit process
    nullptr,                            // exit master
    NGX_MODULE_V1_PADDING,
};
}
