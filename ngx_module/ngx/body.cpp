// Bodies of requests: read by nginx, handed to core whole. A body that nginx put
// into a temporary file is read back from there, as nginx's own filters do.
#include <algorithm>

#include "ngx/call.hpp"

namespace tablegate::ngx {

namespace {

size_t size_of(const ngx_chain_t* chain) {
  size_t size = 0;
  for (; chain != nullptr; chain = chain->next) size += static_cast<size_t>(ngx_buf_size(chain->buf));
  return size;
}

// Copies the chain to `out`, which has room for it.
bool gather(const ngx_chain_t* chain, u_char* out) {
  for (; chain != nullptr; chain = chain->next) {
    ngx_buf_t& buffer = *chain->buf;
    if (ngx_buf_in_memory(&buffer)) {
      out = ngx_cpymem(out, buffer.pos, buffer.last - buffer.pos);
      continue;
    }
    for (off_t at = buffer.file_pos; at < buffer.file_last;) {
      const ssize_t size = ngx_read_file(buffer.file, out, static_cast<size_t>(buffer.file_last - at), at);
      if (size <= 0) return false;
      out += size;
      at += size;
    }
  }
  return true;
}

}  // namespace

bool Call::body_pending() const {
  if (body_) return false;
  const ngx_http_request_t* main = request->main;  // bodies are the main request's, headers stand in each
  return main->headers_in.content_length_n > 0 || main->headers_in.chunked;
}

bool Call::load_body() {
  if (body_) return true;
  // Subrequests may have an empty stand-in (auth_request): only the main request's own counts.
  const ngx_http_request_t* main = request->main;
  const ngx_http_request_body_t* read = main->request_body;
  if (!body_pending() || read == nullptr || read->rest != 0) return false;
  const size_t size = size_of(read->bufs);
  if (!main->headers_in.chunked && static_cast<off_t>(size) != main->headers_in.content_length_n)
    return false;
  std::string_view bytes;
  if (read->bufs != nullptr && read->bufs->next == nullptr && ngx_buf_in_memory(read->bufs->buf)) {
    bytes = {reinterpret_cast<const char*>(read->bufs->buf->pos), size};
  } else {
    auto* all = static_cast<u_char*>(ngx_pnalloc(request->pool, std::max<size_t>(1, size)));
    if (all == nullptr || !gather(read->bufs, all)) return false;
    bytes = {reinterpret_cast<const char*>(all), size};
  }
  const ngx_table_elt_t* type = main->headers_in.content_type;
  body_ = core::Body{core::body_kind(type == nullptr ? std::string_view() : view(type->value), bytes), bytes};
  return true;
}

ngx_int_t read_body(Call& call, ngx_http_client_body_handler_pt handler) {
  call.begin_reading();
  call.request->request_body_in_single_buf = 1;
  return ngx_http_read_client_request_body(call.request, handler);
}

}  // namespace tablegate::ngx
