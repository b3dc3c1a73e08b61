#include "ngx/stream.hpp"

#include "ngx/answer.hpp"
#include "ngx/answer_cache.hpp"
#include "ngx/call.hpp"
#include "ngx/request_id.hpp"
#include "ngx/server_timing.hpp"
#include "ngx/statistics.hpp"
#include "ngx/validators.hpp"

namespace tablegate::ngx {

namespace {

const ngx_http_core_loc_conf_t& core_location(ngx_http_request_t* r) {
  return *static_cast<const ngx_http_core_loc_conf_t*>(ngx_http_get_module_loc_conf(r, ngx_http_core_module));
}

void append(ngx_chain_t*& chain, ngx_chain_t* link) {
  ngx_chain_t** end = &chain;
  while (*end != nullptr) end = &(*end)->next;
  *end = link;
}

}  // namespace

bool may_stream(const Call& call) {
  const core::Api& api = *call.route.api;
  return api.result == core::ResultShape::list && !api.point && call.request == call.request->main;
}

Stream::Stream(Call& call, StreamBuffers& buffers)
    : call_(call),
      buffers_(buffers),
      writer_(*call.route.api, request_id(call.request), *this, nullptr, call.format) {}

Stream::~Stream() {
  release(current_);
  release(out_);
  release(busy_);
}

// ---- bytes

ngx_chain_t* Stream::new_buffer(size_t size) {
  ngx_chain_t* link = spare_;
  if (link != nullptr) {
    spare_ = link->next;
  } else {
    link = ngx_alloc_chain_link(call_.request->pool);
    if (link == nullptr) return nullptr;
    link->buf = static_cast<ngx_buf_t*>(ngx_calloc_buf(call_.request->pool));
    if (link->buf == nullptr) return nullptr;
  }
  link->next = nullptr;
  char* memory = buffers_.take(size);
  if (memory == nullptr) return nullptr;
  ngx_buf_t& buffer = *link->buf;
  buffer.start = buffer.pos = buffer.last = reinterpret_cast<u_char*>(memory);
  buffer.end = buffer.start + size;
  buffer.temporary = 1;
  buffer.flush = 0;
  buffer.tag = &ngx_http_tablegate_module;
  in_use_ += size;
  return link;
}

// Gives the memory of the chain's buffers back.
void Stream::release(ngx_chain_t*& chain) {
  while (ngx_chain_t* link = chain) {
    chain = link->next;
    const auto size = static_cast<size_t>(link->buf->end - link->buf->start);
    if (size != 0) buffers_.give_back(reinterpret_cast<char*>(link->buf->start), size);
    in_use_ -= size;
    link->next = spare_;
    spare_ = link;
  }
}

char* Stream::reserve(size_t size) {
  if (current_ == nullptr || static_cast<size_t>(current_->buf->end - current_->buf->last) < size) {
    close_current();
    current_ = new_buffer(size);
    if (current_ == nullptr) return nullptr;
  }
  return reinterpret_cast<char*>(current_->buf->last);
}

void Stream::commit(size_t size) {
  if (copy_) add_to_copy(reinterpret_cast<const char*>(current_->buf->last), size);
  current_->buf->last += size;
  size_ += size;
}

// nginx takes no empty buffer.
void Stream::close_current() {
  if (current_ == nullptr) return;
  if (current_->buf->last == current_->buf->start) return release(current_);
  append(out_, current_);
  current_ = nullptr;
}

// All is written. False: no memory.
bool Stream::end() {
  if (current_ != nullptr && current_->buf->last != current_->buf->start) {
    mark_end(call_.request, *current_->buf);
    close_current();
    return true;
  }
  // NDJSON without further rows ends in no bytes. Not marked as ours: it has no memory to give back.
  ngx_chain_t* link = ngx_alloc_chain_link(call_.request->pool);
  if (link == nullptr) return false;
  link->buf = static_cast<ngx_buf_t*>(ngx_calloc_buf(call_.request->pool));
  if (link->buf == nullptr) return false;
  link->next = nullptr;
  mark_end(call_.request, *link->buf);
  append(out_, link);
  return true;
}

void Stream::start_again() {
  release(current_);
  release(out_);
  size_ = 0;
  scratch_ = nullptr;
}

// ---- rows

// Before the first row. False: no row can be written, and `rc` is what take() returns. An answer in place of
// the rows has been sent then, or there is an error.
bool Stream::begin(const pg::Cells& cells, int64_t modified, ngx_int_t& rc) {
  ngx_http_request_t* r = call_.request;
  if (!pg::has_columns_of(*call_.route.api, cells)) {
    rc = send_wrong_columns(call_);
    return false;
  }
  set_generations(call_, call_.generations());
  if (is_not_modified(call_)) {
    rc = send_not_modified(call_, modified);
    return false;
  }
  const Call::State state = call_.state;
  rc = discard_body(call_);
  if (rc != NGX_OK) return false;
  call_.state = state;
  scratch_ = static_cast<core::Cell*>(ngx_palloc(r->pool, cells.columns() * sizeof(core::Cell)));
  if (scratch_ != nullptr && writer_.begin()) return true;
  rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
  return false;
}

ngx_int_t Stream::take(const pg::Cells& cells, int64_t modified, bool last) {
  if (scratch_ == nullptr) {
    ngx_int_t rc = NGX_ERROR;
    if (!begin(cells, modified, rc)) return rc;
  }
  const Stopwatch watch(call_.request);
  if (!pg::write_rows(cells, writer_, scratch_) || (last && !writer_.end()))
    return begun_ ? NGX_ABORT : NGX_HTTP_INTERNAL_SERVER_ERROR;
  format_ns_ += watch.elapsed();
  call_.rows = writer_.rows();
  if (!begun_ && size_ <= kWholeSize) {
    if (!last) return NGX_AGAIN;
    if (!end()) return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return send_written_rows(call_, {writer_.rows(), writer_.cut()}, {modified, nullptr, format_ns_},
                             {size_, out_});
  }
  if (!begun_) {
    const ngx_int_t rc =
        send_stream_header(call_, {writer_.rows(), writer_.cut()}, {modified, nullptr, format_ns_}, last);
    if (rc == NGX_ERROR || rc > NGX_OK || call_.request->header_only) return rc;
    begun_ = true;
    begin_copy();
    call_.state = Call::State::streaming;
    call_.begin_stream();
    call_.request->write_event_handler = on_write_event;
  }
  return send(last);
}

// ---- kept

// Nothing has been sent yet.
void Stream::begin_copy() {
  if (!keeps(call_, size_)) return;
  copy_ = std::make_unique<std::string>();
  copy_->reserve(2 * size_);
  for (const ngx_chain_t* link = out_; link != nullptr; link = link->next)
    add_to_copy(reinterpret_cast<const char*>(link->buf->pos),
                static_cast<size_t>(link->buf->last - link->buf->pos));
  if (current_ != nullptr && copy_)
    add_to_copy(reinterpret_cast<const char*>(current_->buf->pos),
                static_cast<size_t>(current_->buf->last - current_->buf->pos));
}

void Stream::add_to_copy(const char* bytes, size_t size) {
  copy_->append(bytes, size);
  if (!keeps(call_, copy_->size())) copy_.reset();
}

// All rows are written.
void Stream::keep_copy() {
  if (!copy_) return;
  if (ngx_chain_t* chain = chain_of(call_.request, *copy_))
    keep_rows(call_, {writer_.rows(), writer_.cut()}, {INT64_MIN, nullptr, 0}, {copy_->size(), chain});
  copy_.reset();
}

// ---- to the client

// Sends what is full; with `last` everything, and then the request is nginx's.
ngx_int_t Stream::send(bool last) {
  if (last) {
    if (!end()) return NGX_ERROR;
    call_.state = Call::State::answered;
    if (writer_.cut()) count_cut(call_);
    keep_copy();
  }
  if (out_ == nullptr && !is_full()) return NGX_AGAIN;
  const ngx_int_t rc = output();
  if (rc == NGX_ERROR || last) return rc;
  if (is_full()) {
    // Nothing may wait here, or nginx would wait for it: it keeps what is short.
    if (current_ != nullptr) current_->buf->flush = 1;
    close_current();
    if (output() == NGX_ERROR) return NGX_ERROR;
    paused_ = is_full();
    if (paused_) call_.pause();
  }
  return wait_for_client() ? NGX_AGAIN : NGX_ERROR;
}

// No room for another buffer.
bool Stream::is_full() const {
  return in_use_ + StreamBuffers::kSize > location_config(call_.request).buffer;
}

// Also continues what nginx holds of the answer.
ngx_int_t Stream::output() {
  ngx_http_request_t* r = call_.request;
  const ngx_int_t rc = ngx_http_output_filter(r, out_);
  ngx_chain_t* sent = nullptr;
  ngx_chain_update_chains(r->pool, &sent, &busy_, &out_, &ngx_http_tablegate_module);
  release(sent);
  return rc;
}

// As nginx does it for answers that it does not buffer (ngx_http_upstream_process_non_buffered_request).
bool Stream::wait_for_client() {
  ngx_http_request_t* r = call_.request;
  ngx_event_t* event = r->connection->write;
  const ngx_http_core_loc_conf_t& location = core_location(r);
  if (r->connection->data == r && ngx_handle_write_event(event, location.send_lowat) != NGX_OK) return false;
  if (event->delayed) return true;  // limit_rate: nginx's own timer runs
  if (event->active && !event->ready) {
    ngx_add_timer(event, location.send_timeout);
  } else if (event->timer_set) {
    ngx_del_timer(event);
  }
  return true;
}

ngx_int_t Stream::on_writable() {
  ngx_connection_t* connection = call_.request->connection;
  if (connection->write->timedout) {
    connection->timedout = 1;
    ngx_connection_error(connection, NGX_ETIMEDOUT, const_cast<char*>("client timed out"));
    return NGX_HTTP_REQUEST_TIME_OUT;
  }
  if (output() == NGX_ERROR || !wait_for_client()) return NGX_ERROR;
  if (paused_ && in_use_ <= location_config(call_.request).buffer / 2) {
    paused_ = false;
    call_.resume();
  }
  return NGX_AGAIN;
}

void Stream::on_write_event(ngx_http_request_t* r) noexcept {
  Call* call = Call::current(r);
  const ngx_int_t rc = call != nullptr && call->stream ? call->stream->on_writable() : NGX_ERROR;
  if (rc == NGX_AGAIN) return;
  if (call != nullptr) call->leave();
  ngx_http_finalize_request(r, rc);
}

ngx_int_t break_off(Call& call, core::Slug slug, std::string_view reason) {
  ngx_http_request_t* r = call.request;
  call.state = Call::State::answered;
  call.problem = {slug, {}, {}, reason};
  count_truncated(call);
  const core::Api& api = *call.route.api;
  const std::string_view name = core::problem_kind(slug).name;
  const std::string_view id = request_id(r);
  ngx_log_error(
      NGX_LOG_ERR, ngx_cycle->log, 0,
      "tablegate: API \"%s\" version %uD: the answer broke off after %uz rows: %*s%s%*s%s, request %*s",
      api.name.c_str(), api.version, call.rows, name.size(), name.data(), reason.empty() ? "" : " (",
      reason.size(), reason.data(), reason.empty() ? "" : ")", id.size(), id.data());
#if (NGX_HTTP_V2)
  if (r->stream != nullptr) return NGX_ERROR;  // nginx resets the stream
#endif
  ngx_connection_t* connection = r->connection;
  connection->error = 1;  // no farewell of TLS
  // Where the end of the connection is the end of the answer (HTTP/1.0), it must not look like one.
  const linger reset = {1, 0};
  if (r->chunked == 0) setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  return NGX_ERROR;
}

}  // namespace tablegate::ngx
