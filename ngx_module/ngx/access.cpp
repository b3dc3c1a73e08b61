// The access phase: route, prove, authorise (ngx_module/README.md, "The life of a request").
#include "ngx/request.hpp"
#include "ngx/response.hpp"

namespace tablegate::ngx {

namespace {

// The body is there: the phases go on where they stopped, at this handler. As nginx's mirror module does.
void on_body(ngx_http_request_t* r) noexcept {
  if (RequestState* state = RequestState::current(r)) state->reading_body = false;
  r->preserve_body = 1;
  r->write_event_handler = ngx_http_core_run_phases;
  ngx_http_core_run_phases(r);
}

ngx_int_t read_body_first(RequestState& state) {
  ngx_http_request_t* r = state.request;
  // Somebody else has had the body, and it is gone: what a signature covers cannot be looked at.
  if (r->request_body != nullptr || r->discard_body) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  const ngx_int_t rc = read_body(state, on_body);
  if (rc >= NGX_HTTP_SPECIAL_RESPONSE) return rc;
  ngx_http_finalize_request(r, NGX_DONE);
  return NGX_DONE;
}

ngx_int_t handle(ngx_http_request_t* r) {
  const auto* location =
      static_cast<const LocationConfig*>(ngx_http_get_module_loc_conf(r, ngx_http_tablegate_module));
  // A location with a content handler of its own (proxy_pass and the like) is not ours.
  if (location->enabled == 0 || r->content_handler != nullptr) return NGX_DECLINED;
  RequestState* state = RequestState::current(r);
  if (state == nullptr) state = RequestState::make(r);
  if (state == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  switch (state->authenticate().outcome) {
    case core::Proof::Outcome::proved:
      return NGX_OK;
    case core::Proof::Outcome::open:
      // Proves nothing: under `satisfy any` that must not open what other modules guard.
      return NGX_DECLINED;
    case core::Proof::Outcome::wants_body:
      return read_body_first(*state);
    case core::Proof::Outcome::refused:
      break;
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
