#include "ngx/answer.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "ngx/request_id.hpp"
#include "ngx/statistics.hpp"
#include "ngx/validators.hpp"

namespace tablegate::ngx {

namespace {

constexpr MediaType kJson = {"application/json; charset=utf-8", sizeof("application/json") - 1};

// ---- headers

bool add_request_id(ngx_http_request_t* r) {
  return add_header(r, "X-Ca-Request-Id", request_id(r)) != nullptr;
}

// No cache may keep it.
bool add_no_store(ngx_http_request_t* r) {
  return add_header(r, "Cache-Control", "no-store") != nullptr;
}

bool add_retry_after(ngx_http_request_t* r) {
  return add_header(r, "Retry-After", "1") != nullptr;
}

// A copy that lives as long as the request; null data(): no memory.
std::string_view keep(ngx_http_request_t* r, std::string_view text) {
  PoolArena arena(r->pool);
  const char* copy = arena.copy(text);
  return copy == nullptr ? std::string_view() : std::string_view(copy, text.size());
}

void set_content(ngx_http_request_t* r, const MediaType& type, size_t length) {
  r->headers_out.content_length_n = static_cast<off_t>(length);
  r->headers_out.content_type = str(type.text);
  r->headers_out.content_type_len = type.compared;
  r->headers_out.content_type_lowcase = nullptr;
}

// When the API ends (its headers were made with the manifest).
bool add_deprecation(ngx_http_request_t* r, const core::Api* api) {
  if (api == nullptr || api->sunset.empty()) return true;
  return add_header(r, "Deprecation", api->deprecation) != nullptr &&
         add_header(r, "Sunset", api->sunset) != nullptr;
}

// A caller must not take a cut list for a whole one.
bool add_truncated(Call& call, const core::RowWriter& writer) {
  if (!writer.cut()) return true;
  count_cut(call);
  ngx_http_request_t* r = call.request;
  const std::string_view value = keep(r, "max_records=" + std::to_string(writer.rows()));
  return value.data() != nullptr && add_header(r, "X-Tablegate-Truncated", value) != nullptr;
}

// RFC 8288. The rows of a POST have no address of their own.
bool add_links(Call& call, const core::PageAnswer* page) {
  ngx_http_request_t* r = call.request;
  if (page == nullptr || (r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) == 0) return true;
  const Headers headers(r);
  const std::string links = core::page_links(*call.route.api, call.data(headers), *page);
  if (links.empty()) return true;
  const std::string_view value = keep(r, links);
  return value.data() != nullptr && add_header(r, "Link", value) != nullptr;
}

bool add_problem_headers(Call& call, const core::ProblemKind& kind) {
  ngx_http_request_t* r = call.request;
  if (kind.status == 401) {
    const std::string_view value = keep(r, core::www_authenticate(*call.route.api, kind.slug));
    if (value.data() == nullptr) return false;
    // Where auth_request looks for it when we are its subrequest.
    r->headers_out.www_authenticate = add_header(r, "WWW-Authenticate", value);
    if (r->headers_out.www_authenticate == nullptr) return false;
  }
  if (call.problem.slug == core::Slug::invalid_signature && !call.proof.string_to_sign.empty() &&
      location_config(r).hmac_diagnostics != 0) {
    const std::string_view value = keep(r, core::string_to_sign_message(call.proof.string_to_sign));
    if (value.data() == nullptr || !add_header(r, "X-Ca-Error-Message", value)) return false;
  }
  if (kind.status == 405 && !add_header(r, "Allow", call.route.allow)) return false;
  return !kind.retry_after || add_retry_after(r);
}

// ---- sending

// The headers are set. `body` null: the header is all.
ngx_int_t send(ngx_http_request_t* r, ngx_uint_t status, ngx_chain_t* body) {
  r->headers_out.status = status;
  if (body == nullptr) r->header_only = 1;
  const ngx_int_t rc = ngx_http_send_header(r);
  if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) return rc;
  return ngx_http_output_filter(r, body);
}

ngx_int_t send_json(ngx_http_request_t* r, ngx_uint_t status, ChainSink& body) {
  set_content(r, kJson, body.size());
  return add_request_id(r) ? send(r, status, body.finish(r == r->main)) : NGX_ERROR;
}

// Reads away what is left of the body. Not before the query: nginx's timer for the rest would run beside it
// and end the connection. Before anything is said of the answer: else than NGX_OK is the answer.
ngx_int_t discard_body(Call& call) {
  call.begin_reading();  // an error page of nginx's is ours to replace
  const ngx_int_t rc = ngx_http_discard_request_body(call.request);
  if (rc == NGX_OK) call.end_reading();
  return rc;
}

ngx_int_t redirect_to_https(ngx_http_request_t* r) {
  std::string location = "https://";
  location.append(view(r->headers_in.server)).append(view(r->unparsed_uri));
  const std::string_view kept = keep(r, location);
  if (kept.data() == nullptr) return NGX_ERROR;
  r->headers_out.content_length_n = 0;
  if (!add_header(r, "Location", kept) || !add_request_id(r)) return NGX_ERROR;
  return send(r, NGX_HTTP_PERMANENT_REDIRECT, nullptr);
}

// One line says whom it hit and why; what the database said stands in an error line of pg's. It goes to the
// process's log: a request's log would add the request line, which may hold an API key.
void log_problem(const Call& call, const core::ProblemKind& kind) {
  const core::Api* api = call.route.api;
  if (api == nullptr) return;
  const std::string_view id = request_id(call.request);
  const std::string_view reason = call.problem.reason;
  ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0, "tablegate: API \"%s\" version %uD: %*s%s%*s%s, request %*s",
                api->name.c_str(), api->version, kind.name.size(), kind.name.data(),
                reason.empty() ? "" : " (", reason.size(), reason.data(), reason.empty() ? "" : ")",
                id.size(), id.data());
}

}  // namespace

ngx_table_elt_t* add_header(ngx_http_request_t* r, std::string_view name, std::string_view value) {
  auto* header = static_cast<ngx_table_elt_t*>(ngx_list_push(&r->headers_out.headers));
  if (header == nullptr) return nullptr;
  std::memset(header, 0, sizeof(*header));
  header->hash = 1;
  header->key = str(name);
  header->value = str(value);
  return header;
}

ngx_int_t send_rows(Call& call, const pg::Cells& cells, int64_t modified, const core::PageAnswer* page) {
  const core::Api& api = *call.route.api;
  if (!pg::has_columns_of(api, cells)) {
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "tablegate: API \"%s\" version %uD: its table's columns are not those of the manifest: "
                  "sync and reload",
                  api.name.c_str(), api.version);
    call.problem = {core::Slug::query_failed, {}, {}};
    return send_problem(call);
  }
  set_generations(call, call.generations());
  if (is_not_modified(call)) return send_not_modified(call, modified);
  ngx_http_request_t* r = call.request;
  if (const ngx_int_t rc = discard_body(call); rc != NGX_OK) return rc;
  ChainSink sink(r->pool);
  core::RowWriter writer(api, request_id(r), sink, page);
  auto* scratch = static_cast<core::Cell*>(ngx_palloc(r->pool, cells.columns() * sizeof(core::Cell)));
  const bool good = scratch != nullptr && writer.begin() && pg::write_rows(cells, writer, scratch);
  if (!good || !writer.end() || !add_deprecation(r, &api) || !add_validators(call, modified) ||
      !add_truncated(call, writer) || !add_links(call, page))
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  call.rows = writer.rows();
  call.state = Call::State::answered;
  count_answer(call, core::Slug::none);
  return send_json(r, NGX_HTTP_OK, sink);
}

// RFC 9110 section 9.3.2: what is only known once the content is made may be left out.
ngx_int_t send_head(Call& call, int64_t modified) {
  ngx_http_request_t* r = call.request;
  if (const ngx_int_t rc = discard_body(call); rc != NGX_OK) return rc;
  if (!add_deprecation(r, call.route.api) || !add_validators(call, modified)) return NGX_ERROR;
  call.state = Call::State::answered;
  count_answer(call, core::Slug::none);
  set_content(r, kJson, 0);
  r->headers_out.content_length_n = -1;
  return add_request_id(r) ? send(r, NGX_HTTP_OK, nullptr) : NGX_ERROR;
}

// The client keeps its type, length and links of pages.
ngx_int_t send_not_modified(Call& call, int64_t modified) {
  ngx_http_request_t* r = call.request;
  if (const ngx_int_t rc = discard_body(call); rc != NGX_OK) return rc;
  if (!add_deprecation(r, call.route.api) || !add_validators(call, modified) || !add_request_id(r))
    return NGX_ERROR;
  call.state = Call::State::answered;
  count_answer(call, core::Slug::none);
  r->headers_out.content_length_n = -1;
  return send(r, NGX_HTTP_NOT_MODIFIED, nullptr);
}

ngx_int_t send_problem(Call& call) {
  ngx_http_request_t* r = call.request;
  if (const ngx_int_t rc = discard_body(call); rc != NGX_OK) return rc;
  call.state = Call::State::answered;
  if (call.transport == Call::Transport::redirect) return redirect_to_https(r);
  const core::ProblemKind& kind = core::problem_kind(call.problem.slug);
  count_answer(call, kind.slug);
  log_problem(call, kind);
  if (!add_problem_headers(call, kind) || !add_deprecation(r, call.route.api) || !add_no_store(r))
    return NGX_ERROR;
  const std::string body = core::problem_body(call.problem, call.route.envelope, request_id(r));
  ChainSink sink(r->pool);
  char* room = sink.reserve(body.size());
  if (room == nullptr) return NGX_ERROR;
  std::memcpy(room, body.data(), body.size());
  sink.commit(body.size());
  return send_json(r, kind.status, sink);
}

ngx_int_t send_document(ngx_http_request_t* r, const core::Document& document, int descriptor) {
  if (const ngx_int_t rc = ngx_http_discard_request_body(r); rc != NGX_OK) return rc;
  set_content(r, kJson, document.length);
  // nginx's own filter answers If-None-Match by it.
  r->headers_out.etag = add_header(r, "ETag", document.etag);
  ngx_chain_t* body = chain_of(r, {});
  auto* file = static_cast<ngx_file_t*>(ngx_pcalloc(r->pool, sizeof(ngx_file_t)));
  if (!add_request_id(r) || r->headers_out.etag == nullptr || body == nullptr || file == nullptr)
    return NGX_ERROR;
  file->fd = descriptor;
  file->name = ngx_string("OpenAPI documents");
  file->log = r->connection->log;
  ngx_buf_t& buffer = *body->buf;
  buffer.memory = 0;
  buffer.in_file = 1;
  buffer.file = file;
  buffer.file_pos = static_cast<off_t>(document.offset);
  buffer.file_last = static_cast<off_t>(document.offset + document.length);
  return send(r, NGX_HTTP_OK, body);
}

ngx_int_t send_status(ngx_http_request_t* r, const MediaType& type, ChainSink& body) {
  set_content(r, type, body.size());
  if (!add_no_store(r) || !add_header(r, "Vary", "Accept")) return NGX_ERROR;
  return send(r, NGX_HTTP_OK, body.finish(r == r->main));
}

// Without cookies "*" is every name but Authorization
// (https://fetch.spec.whatwg.org/#http-access-control-allow-headers): parameters, versions and credentials
// may be in headers that definitions name. Browsers keep the answer for at most two hours.
ngx_int_t send_preflight(ngx_http_request_t* r) {
  if (const ngx_int_t rc = ngx_http_discard_request_body(r); rc != NGX_OK) return rc;
  if (!add_header(r, "Access-Control-Allow-Methods", "GET, HEAD, POST") ||
      !add_header(r, "Access-Control-Allow-Headers", "Authorization, *") ||
      !add_header(r, "Access-Control-Max-Age", "7200") || !add_request_id(r))
    return NGX_ERROR;
  return send(r, NGX_HTTP_NO_CONTENT, nullptr);
}

bool add_cors_headers(ngx_http_request_t* r, std::string_view origin, bool varies) {
  if (varies && add_header(r, "Vary", "Origin") == nullptr) return false;
  return origin.empty() || (add_header(r, "Access-Control-Allow-Origin", origin) != nullptr &&
                            add_header(r, "Access-Control-Expose-Headers", "*") != nullptr);
}

ngx_int_t refuse_method(ngx_http_request_t* r, std::string_view allow) {
  return add_header(r, "Allow", allow) != nullptr ? NGX_HTTP_NOT_ALLOWED : NGX_HTTP_INTERNAL_SERVER_ERROR;
}

std::string_view replace_error_page(ngx_http_request_t* r, const core::ProblemKind& kind,
                                    core::Envelope envelope) {
  const std::string_view body = keep(r, core::server_problem_body(kind, envelope, request_id(r)));
  if (body.data() == nullptr) return {};
  ngx_http_clear_content_length(r);
  set_content(r, kJson, body.size());
  if (!add_request_id(r) || !add_no_store(r) || (kind.retry_after && !add_retry_after(r))) return {};
  return body;
}

ngx_chain_t* chain_of(ngx_http_request_t* r, std::string_view text) {
  auto* buffer = static_cast<ngx_buf_t*>(ngx_calloc_buf(r->pool));
  ngx_chain_t* chain = ngx_alloc_chain_link(r->pool);
  if (buffer == nullptr || chain == nullptr) return nullptr;
  const ngx_str_t bytes = str(text);
  buffer->pos = buffer->start = bytes.data;
  buffer->last = buffer->end = bytes.data + bytes.len;
  buffer->memory = 1;  // nobody writes into it
  buffer->last_buf = r == r->main ? 1 : 0;
  buffer->last_in_chain = 1;
  chain->buf = buffer;
  chain->next = nullptr;
  return chain;
}

}  // namespace tablegate::ngx
