#include "ngx/openapi.hpp"

#include "ngx/answer.hpp"
#include "ngx/call.hpp"

namespace tablegate::ngx {

namespace {

ngx_int_t answer_openapi(ngx_http_request_t* r) {
  const MainConfig& config = main_config(r);
  if (!config.manifest) return NGX_HTTP_SERVICE_UNAVAILABLE;  // `optional`, and there is none
  const core::Manifest& manifest = *config.manifest;
  Call* call = Call::make(r);
  if (call == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  call->route = manifest.router->find(view(r->headers_in.server), "/", "GET");
  const core::Document* document = manifest.find_document(call->route.domain);
  const bool allowed = call->transport_allowed();
  call->route.api = nullptr;  // whatever answers "/": no API is called here
  call->problem = {core::Slug::api_not_found, {}, {}};
  if (!allowed || document == nullptr) return send_problem(*call);
  if ((r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) != 0) {
    call->problem = {};
    if (config.documents.descriptor() < 0) return NGX_HTTP_INTERNAL_SERVER_ERROR;  // the log says why
    return send_document(r, *document, config.documents.descriptor());
  }
  call->problem = {core::Slug::method_not_allowed, {}, {}};
  call->route.allow = "GET, HEAD";
  return send_problem(*call);
}

ngx_int_t openapi_handler(ngx_http_request_t* r) noexcept try { return answer_openapi(r); } catch (...) {
  return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

}  // namespace

char* set_openapi(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
  auto* location =
      static_cast<ngx_http_core_loc_conf_t*>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
  location->handler = openapi_handler;
  static_cast<LocationConfig*>(conf)->enabled = 0;
  auto* main = static_cast<MainConfig*>(ngx_http_conf_get_module_main_conf(cf, ngx_http_tablegate_module));
  main->openapi_anywhere = true;
  return NGX_CONF_OK;
}

}  // namespace tablegate::ngx
