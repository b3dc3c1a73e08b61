// The answer to one call whose rows arrive in chunks (pg::Delivery::chunks). Up to
// 64 KiB it is complete before its header goes out. A longer one goes out as rows
// come, in buffers that are used again; while `tablegate_buffer` of it waits for the
// client, no rows are read. Belongs to its Call; headers are answer.hpp's.
#pragma once

#include <memory>
#include <string>

#include "core/answer/json_writer.hpp"
#include "core/answer/problem.hpp"
#include "ngx/ngx.hpp"
#include "ngx/stream_buffers.hpp"
#include "pg/cells.hpp"

namespace tablegate::ngx {

class Call;

class Stream final : private core::ByteSink {
 public:
  Stream(Call& call, StreamBuffers& buffers);
  ~Stream() override;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // The next rows (Waiter::on_rows). NGX_AGAIN: the others are waited for. NGX_ABORT: they cannot be written.
  // Else what ngx_http_finalize_request() takes.
  ngx_int_t take(const pg::Cells& cells, int64_t modified, bool last);

  // The header is out: no other answer is possible.
  bool begun() const { return begun_; }
  // All rows come once more. Only before begun().
  void start_again();
  size_t rows() const { return writer_.rows(); }

 private:
  char* reserve(size_t size) override;
  void commit(size_t size) override;

  bool begin(const pg::Cells& cells, int64_t modified, ngx_int_t& rc);
  ngx_int_t send(bool last);
  ngx_int_t output();
  bool is_full() const;
  ngx_int_t on_writable();
  bool wait_for_client();
  static void on_write_event(ngx_http_request_t* r) noexcept;
  ngx_chain_t* new_buffer(size_t size);
  void release(ngx_chain_t*& chain);
  void close_current();
  bool end();
  void begin_copy();
  void add_to_copy(const char* bytes, size_t size);
  void keep_copy();

  Call& call_;
  StreamBuffers& buffers_;
  core::RowWriter writer_;
  core::Cell* scratch_ = nullptr;   // of the request's pool, like the chains
  ngx_chain_t* current_ = nullptr;  // is being filled
  ngx_chain_t* out_ = nullptr;      // full
  ngx_chain_t* busy_ = nullptr;     // with nginx
  ngx_chain_t* spare_ = nullptr;    // links whose buffers have no memory
  size_t size_ = 0;                 // bytes written
  size_t in_use_ = 0;               // bytes of all buffers
  uint64_t format_ns_ = 0;          // that writing the rows took, up to the header
  // All that was written, of an answer that may still be short enough to be kept (answer_cache.hpp).
  std::unique_ptr<std::string> copy_;
  bool begun_ = false;
  bool paused_ = false;
};

// Long lists go to the client as they come. Answers of subrequests do not: nginx would keep their rows in
// memory. Point queries have no list, and the headers of a page depend on all of its rows.
bool may_stream(const Call& call);

// An answer up to this size has a Content-Length.
constexpr size_t kWholeSize = 65536;

// Breaks an answer off after its header, because of `slug`, `reason` in brackets if it is not empty: one line
// in the log, counted. The connection, or the stream of HTTP/2, then ends so that the client notices. Returns
// what ngx_http_finalize_request() takes.
ngx_int_t break_off(Call& call, core::Slug slug, std::string_view reason = {});

}  // namespace tablegate::ngx
