#include "ngx/error_filter.hpp"

#include <algorithm>
#include <iterator>

#include "ngx/answer.hpp"
#include "ngx/call.hpp"
#include "ngx/statistics.hpp"

namespace tablegate::ngx {

namespace {

ngx_http_output_header_filter_pt next_header_filter;
ngx_http_output_body_filter_pt next_body_filter;

// What nginx's own statuses are called. Those of the contract's table keep its words.
struct StatusName {
  ngx_uint_t status;
  uint32_t code;
  std::string_view name;
  std::string_view message;
};
constexpr StatusName kStatuses[] = {
    {400, 400, "bad_request", "the request is no valid HTTP"},
    {401, 401, "unauthorized", "authorization is required"},
    {403, 403, "forbidden", "this is not allowed"},
    {404, 404, "api_not_found", "no API is published here"},
    {405, 405, "method_not_allowed", "the method is not allowed here"},
    {408, 408, "request_timeout", "the request took too long to arrive"},
    {413, 413, "body_too_large", "the body is too large"},
    {414, 414, "uri_too_long", "the URL is too long"},
    {415, 415, "unsupported_media_type", "the media type is not supported"},
    {429, 1108113002, "rate_limited", "too many requests, try again later"},
    {502, 502, "bad_gateway", "the server behind this gateway did not answer"},
    {503, 503, "service_unavailable", "the service is not available, try again later"},
    {504, 504, "gateway_timeout", "the server behind this gateway took too long"},
};

constexpr StatusName kBadBody = {400, 400, "invalid_body", "the body is no valid HTTP"};

// How an error of nginx's counts for the API that it hit.
core::Slug slug_of(ngx_uint_t status) {
  switch (status) {
    case 413:
      return core::Slug::body_too_large;
    case 429:
      return core::Slug::rate_limited;
    default:
      return status < 500 ? core::Slug::invalid_body : core::Slug::internal_error;
  }
}

// nginx's ctx of the request, whatever it was made from: what matters here are its flags.
Call* context(ngx_http_request_t* r) {
  return static_cast<Call*>(ngx_http_get_module_ctx(r, ngx_http_tablegate_module));
}

// An error page that nginx makes itself: no answer of ours or of another server, and no page of `error_page`.
bool is_ours_to_replace(ngx_http_request_t* r) {
  if (r != r->main || r->err_status < NGX_HTTP_BAD_REQUEST || r->error_page) return false;
  const Call* call = context(r);
  if (call != nullptr && call->state == Call::State::answered) return false;
  return location_config(r).errors != 0 || (call != nullptr && call->is_reading());
}

bool replace(ngx_http_request_t* r) {
  Call* call = context(r);
  if (call == nullptr) call = Call::make(r);
  if (call == nullptr) return false;
  const ngx_uint_t status = r->err_status;
  const auto* found = std::find_if(std::begin(kStatuses), std::end(kStatuses),
                                   [status](const StatusName& one) { return one.status == status; });
  const bool server = status >= NGX_HTTP_INTERNAL_SERVER_ERROR;
  const StatusName other = {status, static_cast<uint32_t>(status), server ? "internal_error" : "bad_request",
                            server ? "the request could not be served" : "the request was refused"};
  const StatusName& known = found == std::end(kStatuses) ? other : *found;
  const bool bad_body = status == NGX_HTTP_BAD_REQUEST && call->is_reading();
  const StatusName& name = bad_body ? kBadBody : known;
  call->replacement = replace_error_page(r, status, name.code, name.name, name.message);
  if (call->replacement.data() == nullptr) return false;
  call->replaced_error = name.name;
  // Where an API was found the refusal is one of its answers: a body too large, too many requests.
  if (call->route.api != nullptr) count_answer(*call, slug_of(status));
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
