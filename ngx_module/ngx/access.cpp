// The access phase: route, prove, authorise (authentication.md gives the order).
#include "ngx/request.hpp"
#include "ngx/response.hpp"

namespace tablegate::ngx {

namespace {

ngx_int_t handle(ngx_http_request_t* r) {
  const auto* location =
      static_cast<const LocationConfig*>(ngx_http_get_module_loc_conf(r, ngx_http_tablegate_module));
  // A location with a content handler of its own (proxy_pass and the like) is not ours.
  if (location->enabled == 0 || r->content_handler != nullptr) return NGX_DECLINED;
  RequestState* state = RequestState::current(r);
  if (state == nullptr) state = RequestState::make(r);
  if (state == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  if (!state->authenticate()) {
    // An open API proves nothing: under `satisfy any` that must not open what other modules guard.
    return state->identity.consumer != nullptr ? NGX_OK : NGX_DECLINED;
  }
  const auto* core_location =
      static_cast<const ngx_http_core_loc_conf_t*>(ngx_http_get_module_loc_conf(r, ngx_http_core_module));
  // Others may let the request in, but not to us: the content handler looks at the proof again.
  if (core_location->satisfy == NGX_HTTP_SATISFY_ANY) return NGX_DECLINED;
  ngx_http_finalize_request(r, send_problem(*state));
  return NGX_DONE;
}

}  // namespace

ngx_int_t access_handler(ngx_http_request_t* r) noexcept try { return handle(r); } catch (...) {
  return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

}  // namespace tablegate::ngx
