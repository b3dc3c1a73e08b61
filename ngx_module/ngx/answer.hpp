// Answers. This is the only place that sends one of ours and that decides its headers:
// rows, problems, the OpenAPI document, the status page. nginx's own error pages get
// their new headers and body here, too (error_filter.hpp).
// Each send_ function sends a whole response and returns what
// ngx_http_finalize_request() takes.
#pragma once

#include "core/answer/page_answer.hpp"
#include "core/manifest/manifest.hpp"
#include "ngx/call.hpp"
#include "ngx/chain_sink.hpp"
#include "ngx/ngx.hpp"
#include "pg/cells.hpp"

namespace tablegate::ngx {

// All rows at once. `modified` as in Waiter::on_rows. `page`: of an API with pages; otherwise null.
ngx_int_t send_rows(Call& call, const pg::Cells& cells, int64_t modified, const core::PageAnswer* page);

// Of the rows: `modified` and `page` as of send_rows(), and how long writing them took so far.
struct RowHeaders {
  int64_t modified;
  const core::PageAnswer* page;
  uint64_t format_ns;
};
// Rows that were written by others (ngx/stream.hpp).
struct WrittenBody {
  size_t size;
  ngx_chain_t* chain;
};
struct WrittenRows {
  size_t count;
  bool cut;  // the list has more rows than max_records
};
ngx_int_t send_written_rows(Call& call, const WrittenRows& rows, const RowHeaders& headers,
                            const WrittenBody& body);
// The header of rows whose number of bytes is not known. `whole`: `rows` are all of them.
ngx_int_t send_stream_header(Call& call, const WrittenRows& rows, const RowHeaders& headers, bool whole);
// The rows have other columns than the manifest says.
ngx_int_t send_wrong_columns(Call& call);
// Reads away what is left of the body, before anything is said of the answer: else than NGX_OK is the answer.
ngx_int_t discard_body(Call& call);
// The last buffer of a body.
void mark_end(ngx_http_request_t* r, ngx_buf_t& buffer);

// For HEAD: the headers of the rows, apart from their length.
ngx_int_t send_head(Call& call, int64_t modified);
// 304: the client has these rows.
ngx_int_t send_not_modified(Call& call, int64_t modified);
// Call::problem, or the redirect that Call::transport asks for.
ngx_int_t send_problem(Call& call);
// `document` is the manifest's and outlives the request; `descriptor` is of the file that holds it.
ngx_int_t send_document(ngx_http_request_t* r, const core::Document& document, int descriptor);

// The status page in one of its forms.
struct MediaType {
  std::string_view text;
  size_t compared;  // without parameters: what gzip_types and the like compare
};
ngx_int_t send_status(ngx_http_request_t* r, const MediaType& type, ChainSink& body);
// The answer to a preflight: what a page of another origin may send. Its origin is added as to every answer.
ngx_int_t send_preflight(ngx_http_request_t* r);
// `origin` may read the answer; empty: no page of another origin may. `varies`: by origin. False: no memory.
bool add_cors_headers(ngx_http_request_t* r, std::string_view origin, bool varies);
// For 405: nginx makes the answer itself.
ngx_int_t refuse_method(ngx_http_request_t* r, std::string_view allow);

// Our headers for nginx's error page, and the body in its place. Null data(): no memory.
std::string_view replace_error_page(ngx_http_request_t* r, const core::ProblemKind& kind,
                                    core::Envelope envelope);
// A header of the answer. `name` and `value` live as long as the request. Null: no memory.
ngx_table_elt_t* add_header(ngx_http_request_t* r, std::string_view name, std::string_view value);
// A buffer around a text that lives as long as the request. Null: no memory.
ngx_chain_t* chain_of(ngx_http_request_t* r, std::string_view text);

}  // namespace tablegate::ngx
