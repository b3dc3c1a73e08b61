#include "ngx/answer.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/answer/query_address.hpp"
#include "core/call/accept.hpp"
#include "ngx/answer_cache.hpp"
#include "ngx/request_id.hpp"
#include "ngx/server_timing.hpp"
#include "ngx/statistics.hpp"
#include "ngx/stream.hpp"
#include "ngx/validators.hpp"

namespace tablegate::ngx {

namespace {

MediaType type_of(core::Format format) {
  const core::FormatKind& kind = core::format_kind(format);
  return {kind.content_type, kind.media_type.size()};
}

MediaType type_of(core::ErrorForm form) {
  if (form == core::ErrorForm::json) return type_of(core::Format::json);
  return {core::kProblemType, core::kProblemType.size()};
}

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
bool add_truncated(Call& call, const WrittenRows& rows) {
  if (!rows.cut) return true;
  count_cut(call);
  ngx_http_request_t* r = call.request;
  const std::string_view value = keep(r, "max_records=" + std::to_string(rows.count));
  return value.data() != nullptr && add_header(r, "X-Tablegate-Truncated", value) != nullptr;
}

// The header of a long list goes out before its last rows are known: a caller who gets so many rows has to
// expect that there are more.
bool add_max_records(Call& call) {
  ngx_http_request_t* r = call.request;
  const std::string_view value = keep(r, std::to_string(call.route.api->max_records));
  return value.data() != nullptr && add_header(r, "X-Tablegate-Max-Records", value) != nullptr;
}

// The media types of a QUERY's body (RFC 10008), where the API takes that method.
bool add_accept_query(ngx_http_request_t* r, const core::Api& api) {
  constexpr std::string_view kTypes = "application/json, application/x-www-form-urlencoded";
  return !api.query_method || add_header(r, "Accept-Query", kTypes) != nullptr;
}

// The GET that asks for the same rows as a QUERY. Empty: it is none, or there is no such GET.
std::string address_of(Call& call) {
  const core::Api& api = *call.route.api;
  if (!api.is_query(view(call.request->method_name))) return {};
  const Headers headers(call.request);
  PoolArena arena(call.request->pool);
  return core::get_address(api, call.data(headers), arena);
}

bool add_address(ngx_http_request_t* r, const std::string& address) {
  if (address.empty()) return true;
  const std::string_view value = keep(r, address);
  return value.data() != nullptr && add_header(r, "Content-Location", value) != nullptr;
}

// RFC 8288. The rows of a POST have no address of their own; those of a QUERY have that of the GET.
bool add_links(Call& call, const core::PageAnswer* page, const std::string& address) {
  ngx_http_request_t* r = call.request;
  if (page == nullptr || ((r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) == 0 && address.empty())) return true;
  const Headers headers(r);
  core::RequestData data = call.data(headers);
  if (!address.empty())
    data.query = std::string_view(address).substr(std::min(address.find('?'), address.size() - 1) + 1);
  const std::string links = core::page_links(*call.route.api, data, *page, call.format);
  if (links.empty()) return true;
  const std::string_view value = keep(r, links);
  return value.data() != nullptr && add_header(r, "Link", value) != nullptr;
}

bool add_format_vary(const Call& call) {
  return !call.accept_chose || add_header(call.request, "Vary", "Accept") != nullptr;
}

bool add_server_timing(const Call& call, uint64_t format_ns) {
  const std::string_view value = server_timing(call, format_ns);
  return value.empty() || add_header(call.request, "Server-Timing", value) != nullptr;
}

// What depends on the format of the rows. `page`: null where its rows are not known.
bool add_format_headers(Call& call, const core::PageAnswer* page) {
  ngx_http_request_t* r = call.request;
  if (call.format == core::Format::json) return true;
  if (call.format == core::Format::csv &&
      add_header(r, "Content-Disposition", call.route.api->csv.disposition) == nullptr)
    return false;
  if (page == nullptr || !page->total) return true;
  const std::string_view total = keep(r, std::to_string(*page->total));
  return total.data() != nullptr && add_header(r, "X-Total-Count", total) != nullptr;
}

// The headers of rows; also of those that HEAD does not send.
bool add_row_headers(Call& call, const RowHeaders& headers) {
  ngx_http_request_t* r = call.request;
  const core::Api& api = *call.route.api;
  const std::string address = address_of(call);
  return add_server_timing(call, headers.format_ns) && add_deprecation(r, &api) && add_stale_headers(call) &&
         add_validators(call, headers.modified) && add_accept_query(r, api) && add_address(r, address) &&
         add_links(call, headers.page, address) && add_format_vary(call) &&
         add_format_headers(call, headers.page);
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
  if (kind.status == 415 && !add_accept_query(r, *call.route.api)) return false;
  if (!add_header(r, "Vary", "Accept")) return false;  // by its form
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

ngx_int_t send_content(ngx_http_request_t* r, ngx_uint_t status, const MediaType& type, ChainSink& body) {
  set_content(r, type, body.size());
  return add_request_id(r) ? send(r, status, body.finish(r == r->main)) : NGX_ERROR;
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
  if (api == nullptr || ngx_cycle->log->log_level < NGX_LOG_INFO) return;
  const std::string_view id = request_id(call.request);
  const std::string_view trace = trace_id(call.request);
  const std::string_view reason = call.problem.reason;
  ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0,
                "tablegate: API \"%s\" version %uD: %*s%s%*s%s, request %*s%s%*s", api->name.c_str(),
                api->version, kind.name.size(), kind.name.data(), reason.empty() ? "" : " (", reason.size(),
                reason.data(), reason.empty() ? "" : ")", id.size(), id.data(),
                trace.empty() ? "" : ", trace ", trace.size(), trace.data());
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

// Not before the query: nginx's timer for the rest would run beside it and end the connection.
ngx_int_t discard_body(Call& call) {
  call.begin_reading();  // an error page of nginx's is ours to replace
  const ngx_int_t rc = ngx_http_discard_request_body(call.request);
  if (rc == NGX_OK) call.end_reading();
  return rc;
}

ngx_int_t send_wrong_columns(Call& call) {
  const core::Api& api = *call.route.api;
  ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                "tablegate: API \"%s\" version %uD: its table's columns are not those of the manifest: "
                "sync and reload",
                api.name.c_str(), api.version);
  call.problem = {core::Slug::query_failed, {}, {}};
  return send_problem(call);
}

ngx_int_t send_rows(Call& call, const pg::Cells& cells, int64_t modified, const core::PageAnswer* page) {
  const core::Api& api = *call.route.api;
  if (!pg::has_columns_of(api, cells)) return send_wrong_columns(call);
  set_generations(call, call.generations());
  if (is_not_modified(call)) return send_not_modified(call, modified);
  ngx_http_request_t* r = call.request;
  if (const ngx_int_t rc = discard_body(call); rc != NGX_OK) return rc;
  const Stopwatch watch(r);
  ChainSink sink(r->pool);
  core::RowWriter writer(api, request_id(r), sink, page, call.format);
  auto* scratch = static_cast<core::Cell*>(ngx_palloc(r->pool, cells.columns() * sizeof(core::Cell)));
  const bool good = scratch != nullptr && writer.begin() && pg::write_rows(cells, writer, scratch);
  if (!good || !writer.end()) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  return send_written_rows(call, {writer.rows(), writer.cut()}, {modified, page, watch.elapsed()},
                           {sink.size(), sink.finish(r == r->main)});
}

ngx_int_t send_written_rows(Call& call, const WrittenRows& rows, const RowHeaders& headers,
                            const WrittenBody& body) {
  ngx_http_request_t* r = call.request;
  keep_rows(call, rows, headers, body);
  if (!add_truncated(call, rows) || !add_row_headers(call, headers)) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  call.rows = rows.count;
  call.state = Call::State::answered;
  count_answer(call, core::Slug::none);
  set_content(r, type_of(call.format), body.size);
  // As if its rows had not come at once.
  if (body.size > kWholeSize && may_stream(call)) r->headers_out.content_length_n = -1;
  return add_request_id(r) ? send(r, NGX_HTTP_OK, body.chain) : NGX_ERROR;
}

ngx_int_t send_stream_header(Call& call, const WrittenRows& rows, const RowHeaders& headers, bool whole) {
  ngx_http_request_t* r = call.request;
  if (!(whole ? add_truncated(call, rows) : add_max_records(call)) || !add_row_headers(call, headers))
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  count_answer(call, core::Slug::none);
  set_content(r, type_of(call.format), 0);
  r->headers_out.content_length_n = -1;
  if (!add_request_id(r)) return NGX_ERROR;
  r->headers_out.status = NGX_HTTP_OK;
  return ngx_http_send_header(r);
}

void mark_end(ngx_http_request_t* r, ngx_buf_t& buffer) {
  buffer.last_buf = r == r->main ? 1 : 0;
  buffer.last_in_chain = 1;
}

// RFC 9110 section 9.3.2: what is only known once the content is made may be left out.
ngx_int_t send_head(Call& call, int64_t modified) {
  ngx_http_request_t* r = call.request;
  if (const ngx_int_t rc = discard_body(call); rc != NGX_OK) return rc;
  if (!add_row_headers(call, {modified, nullptr, 0})) return NGX_ERROR;
  call.state = Call::State::answered;
  count_answer(call, core::Slug::none);
  set_content(r, type_of(call.format), 0);
  r->headers_out.content_length_n = -1;
  return add_request_id(r) ? send(r, NGX_HTTP_OK, nullptr) : NGX_ERROR;
}

// The client keeps its type, length and links of pages.
ngx_int_t send_not_modified(Call& call, int64_t modified) {
  ngx_http_request_t* r = call.request;
  if (const ngx_int_t rc = discard_body(call); rc != NGX_OK) return rc;
  // What the rows would have (RFC 9110 section 15.4.5).
  if (!add_server_timing(call, 0) || !add_deprecation(r, call.route.api) || !add_stale_headers(call) ||
      !add_validators(call, modified) || !add_address(r, address_of(call)) || !add_format_vary(call) ||
      !add_request_id(r))
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
  const core::ProblemKind& kind = core::problem_kind(call.problem);
  count_answer(call, kind.slug);
  log_problem(call, kind);
  if (!add_problem_headers(call, kind) || !add_server_timing(call, 0) ||
      !add_deprecation(r, call.route.api) || !add_no_store(r))
    return NGX_ERROR;
  const core::ErrorForm form = core::choose_error_form(Headers(r));
  const std::string body = core::problem_body(call.problem, call.route.envelope, request_id(r), form);
  ChainSink sink(r->pool);
  char* room = sink.reserve(body.size());
  if (room == nullptr) return NGX_ERROR;
  std::memcpy(room, body.data(), body.size());
  sink.commit(body.size());
  return send_content(r, kind.status, type_of(form), sink);
}

ngx_int_t send_document(ngx_http_request_t* r, const core::Document& document, int descriptor) {
  if (const ngx_int_t rc = ngx_http_discard_request_body(r); rc != NGX_OK) return rc;
  set_content(r, type_of(core::Format::json), document.length);
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
  if (!add_header(r, "Access-Control-Allow-Methods", "GET, HEAD, POST, QUERY") ||
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
  const core::ErrorForm form = core::choose_error_form(Headers(r));
  const std::string_view body = keep(r, core::server_problem_body(kind, envelope, request_id(r), form));
  if (body.data() == nullptr) return {};
  ngx_http_clear_content_length(r);
  set_content(r, type_of(form), body.size());
  if (!add_request_id(r) || !add_header(r, "Vary", "Accept") || !add_no_store(r) ||
      (kind.retry_after && !add_retry_after(r)))
    return {};
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
