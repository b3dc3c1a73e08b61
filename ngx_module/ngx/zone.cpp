#include "ngx/zone.hpp"

#include <algorithm>
#include <ctime>

namespace tablegate::ngx {

// The tables behind the header, in this order: their sizes in bytes, multiples of a word.
struct Layout {
  uint64_t nonces;
  uint64_t counters;
  uint64_t usage;
  uint64_t workers;
};

// The zone's first words. Another layout has another magic number, so that a module finds only what it knows.
struct Header {
  uint64_t magic;
  uint64_t epoch;
  Layout bytes;
  core::NonceTimes times;
};

namespace {

constexpr uint64_t kMagic = 0x7467617465000006;

std::byte* nonces_of(Header* header) {
  return reinterpret_cast<std::byte*>(header + 1);
}
std::byte* counters_of(Header* header) {
  return nonces_of(header) + header->bytes.nonces;
}
std::byte* usage_of(Header* header) {
  return counters_of(header) + header->bytes.counters;
}
std::byte* workers_of(Header* header) {
  return usage_of(header) + header->bytes.usage;
}

// More than this is of no use: 163,840 API versions, 65,528 callers, 128 workers.
constexpr size_t kMaxCounters = (163840 + 2) * sizeof(core::CounterCell);
constexpr size_t kMaxUsage = 65529 * sizeof(core::UsageSlot);
constexpr size_t kMaxWorkers = 128 * sizeof(core::WorkerSlot);
constexpr size_t kCounterShare = 8;  // an eighth of the zone
constexpr size_t kUsageShare = 8;

Layout layout(size_t size) {
  const auto part = [size](size_t divisor, size_t most) { return std::min(size / divisor, most) / 8 * 8; };
  return {size / 2 / ngx_pagesize * ngx_pagesize - sizeof(Header), part(kCounterShare, kMaxCounters),
          part(kUsageShare, kMaxUsage), part(16, kMaxWorkers)};
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
  const Layout bytes = layout(zone->shm.size);
  const size_t size = sizeof(Header) + bytes.nonces + bytes.counters + bytes.usage + bytes.workers;
#if (NGX_DEBUG_MALLOC)
  auto* header = static_cast<Header*>(ngx_slab_calloc(slab, size));
#else
  // The system has cleared the pages of a new zone (mmap(2), MAP_ANONYMOUS). Clearing them again would make
  // all of them resident in the master.
  auto* header = static_cast<Header*>(ngx_slab_alloc(slab, size));
#endif
  if (header == nullptr) {
    ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0, "tablegate_zone is too small");
    return NGX_ERROR;
  }
  header->magic = kMagic;
  header->bytes = bytes;
  // Microseconds, so that two starts within a second differ.
  timeval now{};
  ngx_gettimeofday(&now);
  header->epoch = static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_usec);
  header->times.begin(::time(nullptr));
  slab->data = header;
  zone->data = header;
  return NGX_OK;
}

NonceStore::NonceStore(const ngx_shm_zone_t& zone, time_t window)
    : header_(static_cast<Header*>(zone.data)),
      window_(window),
      table_(nonces_of(header_), header_->bytes.nonces) {
  header_->times.serve(window, ::time(nullptr));
}

SharedTables::SharedTables(Header& header)
    : counters(counters_of(&header), header.bytes.counters),
      usage(usage_of(&header), header.bytes.usage),
      workers(workers_of(&header), header.bytes.workers),
      epoch(header.epoch) {}

SharedTables::SharedTables(const ngx_shm_zone_t& zone) : SharedTables(*static_cast<Header*>(zone.data)) {}

core::NonceTimes::Limits NonceStore::limits() const {
  return header_->times.limits(window_);
}

size_t needed_zone_size(size_t size, size_t versions, bool callers_lost) {
  constexpr size_t kMiB = size_t{1} << 20U;
  size_t needed = std::min(core::CounterTable::size_for(versions), kMaxCounters) * kCounterShare;
  // How many callers there are is not known: twice the room.
  if (callers_lost) needed = std::max(needed, std::min(2 * size, kMaxUsage * kUsageShare));
  return needed <= size ? size : (needed + kMiB - 1) / kMiB * kMiB;
}

}  // namespace tablegate::ngx
