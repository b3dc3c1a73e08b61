#include "ngx/openapi.hpp"

#include "ngx/config.hpp"
#include "ngx/request.hpp"
#include "ngx/response.hpp"

namespace tablegate::ngx {

namespace {

ngx_int_t send_document(ngx_http_request_t* r, const core::Document& document) {
  const ngx_int_t discarded = ngx_http_discard_request_body(r);
  if (discarded != NGX_OK) return discarded;
  r->headers_out.status = NGX_HTTP_OK;
  if (!set_json_headers(r, document.text.size())) return NGX_ERROR;
  // nginx's own filter answers If-None-Match by it.
  r->headers_out.etag = add_header(r, "ETag", document.etag);
  if (r->headers_out.etag == nullptr) return NGX_ERROR;
  const ngx_int_t rc = ngx_http_send_header(r);
  if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) return rc;
  auto* buffer = static_cast<ngx_buf_t*>(ngx_calloc_buf(r->pool));
  if (buffer == nullptr) return NGX_ERROR;
  const ngx_str_t text = str(document.text);
  buffer->pos = buffer->start = text.data;
  buffer->last = buffer->end = text.data + text.len;
  buffer->memory = 1;  // the manifest's, which outlives the request: nobody writes into it
  buffer->last_buf = r == r->main ? 1 : 0;
  buffer->last_in_chain = 1;
  ngx_chain_t chain = {buffer, nullptr};
  return ngx_http_output_filter(r, &chain);
}

ngx_int_t handle(ngx_http_request_t* r) {
  const core::Manifest& manifest = *main_config(r).manifest;
  RequestState* state = RequestState::make(r);
  if (state == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  state->route = manifest.router->find(view(r->headers_in.server), "/", "GET");
  const core::Document* document = manifest.find_document(state->route.domain);
  const bool allowed = state->transport_allowed();
  state->route.api = nullptr;  // whatever answers "/": no API is called here
  state->problem = {core::Slug::api_not_found, {}, {}};
  if (!allowed || document == nullptr) return send_problem(*state);
  if ((r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) != 0) {
    state->problem = {};
    return send_document(r, *document);
  }
  state->problem = {core::Slug::method_not_allowed, {}, {}};
  state->route.allow = "GET, HEAD";
  return send_problem(*state);
}

ngx_int_t openapi_handler(ngx_http_request_t* r) noexcept try { return handle(r); } catch (...) {
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
