#include "ngx/response.hpp"

#include "ngx/statistics.hpp"
#include "pg/cells.hpp"

#include <algorithm>
#include <cstring>

namespace tablegate::ngx {

char* ChainSink::reserve(size_t size) {
  if (last_ == nullptr || static_cast<size_t>(last_->buf->end - last_->buf->last) < size) {
    // A point answer fits into the first; long ones grow quickly to few large buffers.
    const size_t wanted = std::max(size, std::clamp<size_t>(size_, 512, 65536));
    ngx_chain_t* link = ngx_alloc_chain_link(pool_);
    if (link == nullptr) return nullptr;
    link->buf = ngx_create_temp_buf(pool_, wanted);
    if (link->buf == nullptr) return nullptr;
    link->next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = link;
    last_ = link;
  }
  return reinterpret_cast<char*>(last_->buf->last);
}

void ChainSink::commit(size_t size) {
  last_->buf->last += size;
  size_ += size;
}

ngx_chain_t* ChainSink::finish(bool last_of_response) {
  if (last_ == nullptr) return nullptr;
  last_->buf->last_buf = last_of_response ? 1 : 0;
  last_->buf->last_in_chain = 1;
  return first_;
}

ngx_table_elt_t* add_header(ngx_http_request_t* r, std::string_view name, std::string_view value) {
  auto* header = static_cast<ngx_table_elt_t*>(ngx_list_push(&r->headers_out.headers));
  if (header == nullptr) return nullptr;
  std::memset(header, 0, sizeof(*header));
  header->hash = 1;
  header->key = str(name);
  header->value = str(value);
  return header;
}

std::string_view request_id(ngx_http_request_t* r) {
  const ngx_int_t index = main_config(r).request_id_index;
  const ngx_http_variable_value_t* value = ngx_http_get_indexed_variable(r, static_cast<ngx_uint_t>(index));
  if (value == nullptr || value->not_found) return {};
  return {reinterpret_cast<const char*>(value->data), value->len};
}

std::string_view keep(ngx_http_request_t* r, std::string_view text) {
  PoolArena arena(r->pool);
  const char* copy = arena.copy(text);
  return copy == nullptr ? std::string_view() : std::string_view(copy, text.size());
}

bool set_json_headers(ngx_http_request_t* r, size_t content_length) {
  r->headers_out.content_length_n = static_cast<off_t>(content_length);
  ngx_str_set(&r->headers_out.content_type, "application/json; charset=utf-8");
  r->headers_out.content_type_len = sizeof("application/json") - 1;  // what gzip_types and the like compare
  r->headers_out.content_type_lowcase = nullptr;
  return add_header(r, "X-Ca-Request-Id", request_id(r)) != nullptr;
}

namespace {

// Reads away what is left of the body. Not before the query: nginx's timer for the rest would run beside it
// and end the connection. Before anything is said of the answer: else than NGX_OK is the answer.
ngx_int_t discard_body(RequestState& state) {
  state.reading_body = true;  // an error page of nginx's is ours to replace
  const ngx_int_t rc = ngx_http_discard_request_body(state.request);
  if (rc == NGX_OK) state.reading_body = false;
  return rc;
}

ngx_int_t send(ngx_http_request_t* r, ngx_uint_t status, ChainSink& body) {
  r->headers_out.status = status;
  if (!set_json_headers(r, body.size())) return NGX_ERROR;
  const ngx_int_t rc = ngx_http_send_header(r);
  if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) return rc;
  return ngx_http_output_filter(r, body.finish(r == r->main));
}

ngx_int_t redirect_to_https(ngx_http_request_t* r) {
  std::string location = "https://";
  location.append(view(r->headers_in.server)).append(view(r->unparsed_uri));
  const std::string_view kept = keep(r, location);
  if (kept.data() == nullptr) return NGX_ERROR;
  r->headers_out.status = NGX_HTTP_PERMANENT_REDIRECT;
  r->headers_out.content_length_n = 0;
  if (!add_header(r, "Location", kept)) return NGX_ERROR;
  if (!add_header(r, "X-Ca-Request-Id", request_id(r))) return NGX_ERROR;
  r->header_only = 1;
  return ngx_http_send_header(r);
}

// One line says whom it hit and why; what the database said stands in an error line of pg's. It goes to the
// process's log: a request's log would add the request line, which may hold an API key.
void log_problem(const RequestState& state, const core::ProblemKind& kind) {
  const core::Api* api = state.route.api;
  if (api == nullptr) return;
  const std::string_view id = request_id(state.request);
  const std::string_view reason = state.problem.reason;
  ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0, "tablegate: API \"%s\" version %uD: %*s%s%*s%s, request %*s",
                api->name.c_str(), api->version, kind.name.size(), kind.name.data(),
                reason.empty() ? "" : " (", reason.size(), reason.data(), reason.empty() ? "" : ")",
                id.size(), id.data());
}

// When the API ends (its headers were made with the manifest).
bool add_deprecation(ngx_http_request_t* r, const core::Api* api) {
  if (api == nullptr || api->sunset.empty()) return true;
  return add_header(r, "Deprecation", api->deprecation) != nullptr &&
         add_header(r, "Sunset", api->sunset) != nullptr;
}

// The newest change in what the answer was read from. Caches guess from it how long an answer stays good, so
// it never comes without the word that they have to ask. nginx is not told the time: it would answer 304 by
// it, to POST too, and after another version of the API was published.
bool add_last_modified(RequestState& state) {
  ngx_http_request_t* r = state.request;
  if (state.modified < 0 || location_config(r).last_modified == 0) return true;
  // Not ahead of the answer's own Date (RFC 9110 section 8.8.2.1).
  core::format_http_date(std::min(state.modified, static_cast<int64_t>(ngx_time())), state.last_modified);
  ngx_table_elt_t* header = add_header(r, "Last-Modified", {state.last_modified, core::kHttpDateSize});
  if (header == nullptr) return false;
  r->headers_out.last_modified = header;  // filters that change the body take it away
  return add_header(r, "Cache-Control", "no-cache") != nullptr;
}

bool add_problem_headers(RequestState& state, const core::ProblemKind& kind) {
  ngx_http_request_t* r = state.request;
  if (kind.status == 401) {
    const std::string_view value = keep(r, core::www_authenticate(*state.route.api, kind.slug));
    if (value.data() == nullptr) return false;
    // Where auth_request looks for it when we are its subrequest.
    r->headers_out.www_authenticate = add_header(r, "WWW-Authenticate", value);
    if (r->headers_out.www_authenticate == nullptr) return false;
  }
  if (state.problem.slug == core::Slug::invalid_signature && !state.proof.string_to_sign.empty() &&
      location_config(r).hmac_diagnostics != 0) {
    const std::string_view value = keep(r, core::string_to_sign_message(state.proof.string_to_sign));
    if (value.data() == nullptr || !add_header(r, "X-Ca-Error-Message", value)) return false;
  }
  if (kind.status == 405 && !add_header(r, "Allow", state.route.allow)) return false;
  return !kind.retry_after || add_header(r, "Retry-After", "1") != nullptr;
}

}  // namespace

ngx_int_t send_rows(RequestState& state, const pg::Cells& cells) {
  const core::Api& api = *state.route.api;
  if (!pg::has_columns_of(api, cells)) {
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "tablegate: API \"%s\" version %uD: its table's columns are not those of the manifest: "
                  "sync and reload",
                  api.name.c_str(), api.version);
    state.problem = {core::Slug::query_failed, {}, {}};
    return send_problem(state);
  }
  ngx_http_request_t* r = state.request;
  if (const ngx_int_t rc = discard_body(state); rc != NGX_OK) return rc;
  ChainSink sink(r->pool);
  core::RowWriter writer(api, sink);
  auto* scratch = static_cast<core::Cell*>(ngx_palloc(r->pool, cells.columns() * sizeof(core::Cell)));
  const bool good = scratch != nullptr && writer.begin() && pg::write_rows(cells, writer, scratch);
  if (!good || !writer.end() || !add_deprecation(r, &api) || !add_last_modified(state))
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  // Rows have no validator: no precondition of a request is about them.
  r->disable_not_modified = 1;
  state.rows = cells.rows();
  state.answered = true;
  count_answer(state, core::Slug::none);
  return send(r, NGX_HTTP_OK, sink);
}

ngx_int_t send_problem(RequestState& state) {
  ngx_http_request_t* r = state.request;
  if (const ngx_int_t rc = discard_body(state); rc != NGX_OK) return rc;
  state.answered = true;
  if (state.redirect_to_https) return redirect_to_https(r);
  const core::ProblemKind& kind = core::problem_kind(state.problem.slug);
  count_answer(state, kind.slug);
  log_problem(state, kind);
  if (!add_problem_headers(state, kind) || !add_deprecation(r, state.route.api)) return NGX_ERROR;
  const std::string body = core::problem_body(state.problem, request_id(r));
  ChainSink sink(r->pool);
  char* room = sink.reserve(body.size());
  if (room == nullptr) return NGX_ERROR;
  std::memcpy(room, body.data(), body.size());
  sink.commit(body.size());
  return send(r, kind.status, sink);
}

}  // namespace tablegate::ngx
