#include "ngx/chain_sink.hpp"

#include <algorithm>

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

}  // namespace tablegate::ngx
