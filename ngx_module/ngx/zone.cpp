#include "ngx/zone.hpp"

#include <atomic>
#include <new>

namespace tablegate::ngx {

// The zone's first words. Another layout has another magic number, so that a module finds only what it knows.
struct Header {
  uint64_t magic;
  uint64_t nonce_bytes;             // the nonce table follows the header
  std::atomic<int64_t> window;      // the largest that nonces were remembered for, in seconds
  std::atomic<int64_t> valid_from;  // nonces are known of times signed since, seconds since 1970
};

namespace {

constexpr uint64_t kMagic = 0x7467617465000002;

void* nonces_of(Header* header) {
  return header + 1;
}

}  // namespace

ngx_int_t init_zone(ngx_shm_zone_t* zone, void* old) noexcept {
  if (old != nullptr) {
    zone->data = old;
    return NGX_OK;
  }
  auto* slab = reinterpret_cast<ngx_slab_pool_t*>(zone->shm.addr);
  if (zone->shm.exists) {
    zone->data = slab->data;
    return NGX_OK;
  }
  const size_t nonce_bytes = zone->shm.size / 2 / ngx_pagesize * ngx_pagesize - sizeof(Header);
  auto* header = static_cast<Header*>(ngx_slab_calloc(slab, sizeof(Header) + nonce_bytes));
  if (header == nullptr) {
    ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0, "tablegate_zone is too small");
    return NGX_ERROR;
  }
  header->magic = kMagic;
  header->nonce_bytes = nonce_bytes;
  header->valid_from = ngx_time();
  slab->data = header;
  zone->data = header;
  return NGX_OK;
}

NonceStore::NonceStore(const ngx_shm_zone_t& zone, time_t window, time_t now)
    : header_(static_cast<Header*>(zone.data)), table_(nonces_of(header_), header_->nonce_bytes) {
  int64_t seen = header_->window.load();
  while (seen < window && !header_->window.compare_exchange_weak(seen, window)) {
  }
  // A nonce of before was remembered too shortly for this window.
  if (seen != 0 && seen < window) header_->valid_from.store(now);
}

int64_t NonceStore::valid_from() const {
  return header_->valid_from.load(std::memory_order_relaxed);
}

}  // namespace tablegate::ngx
