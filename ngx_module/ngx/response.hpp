// Answers: the rows' bytes straight into nginx's buffers, and the error bodies.
#pragma once

#include "core/answer/json_writer.hpp"
#include "core/answer/problem.hpp"
#include "ngx/ngx.hpp"
#include "ngx/request.hpp"

namespace tablegate::ngx {

// A chain of buffers from the request's pool. What was written never moves and is never copied again.
class ChainSink final : public core::ByteSink {
 public:
  explicit ChainSink(ngx_pool_t* pool) : pool_(pool) {}
  char* reserve(size_t size) override;
  void commit(size_t size) override;
  // The chain, its last buffer marked as such. Null when nothing was written.
  ngx_chain_t* finish(bool last_of_response);
  size_t size() const { return size_; }

 private:
  ngx_pool_t* pool_;
  ngx_chain_t* first_ = nullptr;
  ngx_chain_t* last_ = nullptr;
  size_t size_ = 0;
};

// Each sends a whole response and returns what ngx_http_finalize_request() takes.
ngx_int_t send_rows(RequestState& state, const pg::Cells& cells);
ngx_int_t send_problem(RequestState& state);

// Makes the headers of a JSON answer of ours, with X-Ca-Request-Id. False: no memory.
bool set_json_headers(ngx_http_request_t* r, size_t content_length);
// nginx's $request_id. Lives as long as the request.
std::string_view request_id(ngx_http_request_t* r);
// Null: no memory.
ngx_table_elt_t* add_header(ngx_http_request_t* r, std::string_view name, std::string_view value);
// A copy that lives as long as the request; null data(): no memory.
std::string_view keep(ngx_http_request_t* r, std::string_view text);

}  // namespace tablegate::ngx
