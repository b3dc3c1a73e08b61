// A chain of nginx's buffers from a request's pool. What was written never moves
// and is never copied again.
#pragma once

#include "core/answer/json_writer.hpp"
#include "ngx/ngx.hpp"

namespace tablegate::ngx {

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

}  // namespace tablegate::ngx
