#include "ngx/error_filter.hpp"

#include "ngx/answer.hpp"
#include "ngx/call.hpp"
#include "ngx/statistics.hpp"

namespace tablegate::ngx {

namespace {

ngx_http_output_header_filter_pt next_header_filter;
ngx_http_output_body_filter_pt next_body_filter;

// nginx's ctx of the request, whatever it was made from: what matters here are its flags.
Call* context(ngx_http_request_t* r) {
  return static_cast<Call*>(ngx_http_get_module_ctx(r, ngx_http_tablegate_module));
}

// An error page that nginx makes itself: no answer of ours or of another server, and no page of `error_page`.
bool is_ours_to_replace(ngx_http_request_t* r) {
  if (r != r->main || r->err_status < NGX_HTTP_BAD_REQUEST || r->error_page) return false;
  const Call* call = context(r);
  if (call != nullptr && call->state == Call::State::answered) return false;
  const LocationConfig& location = location_config(r);
  if (location.enabled != 0 && !main_config(r).manifest) return true;  // our 503: no API is served
  return location.errors != 0 || (call != nullptr && call->is_reading());
}

bool replace(ngx_http_request_t* r) {
  Call* call = context(r);
  if (call == nullptr) call = Call::make(r);
  if (call == nullptr) return false;
  const core::ProblemKind kind =
      core::server_problem_kind(static_cast<uint16_t>(r->err_status), call->is_reading());
  call->replacement = replace_error_page(r, kind, Call::envelope_of(r));
  if (call->replacement.data() == nullptr) return false;
  call->replaced_error = kind.name;
  // Where an API was found the refusal is one of its answers: a body too large, too many requests.
  if (call->route.api != nullptr) count_answer(*call, kind.slug);
  return true;
}

ngx_int_t header_filter(ngx_http_request_t* r) noexcept try {
  if (is_ours_to_replace(r) && !replace(r)) return NGX_ERROR;
  return next_header_filter(r);
} catch (...) {
  return NGX_ERROR;
}

ngx_int_t body_filter(ngx_http_request_t* r, ngx_chain_t* in) noexcept {
  Call* call = context(r);
  if (call == nullptr || call->replaced_error.empty()) return next_body_filter(r, in);
  // nginx's page goes nowhere.
  for (ngx_chain_t* link = in; link != nullptr; link = link->next) {
    link->buf->pos = link->buf->last;
    link->buf->file_pos = link->buf->file_last;
  }
  if (call->replacement.empty()) return next_body_filter(r, nullptr);  // it went out before
  ngx_chain_t* out = chain_of(r, call->replacement);
  if (out == nullptr) return NGX_ERROR;
  call->replacement = {};
  return next_body_filter(r, out);
}

}  // namespace

void install_error_filter() {
  next_header_filter = ngx_http_top_header_filter;
  ngx_http_top_header_filter = header_filter;
  next_body_filter = ngx_http_top_body_filter;
  ngx_http_top_body_filter = body_filter;
}

}  // namespace tablegate::ngx
