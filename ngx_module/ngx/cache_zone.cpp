#include "ngx/cache_zone.hpp"

#include <exception>
#include <string>

#include "ngx/config.hpp"

namespace tablegate::ngx {

namespace {

// Of nginx's slab at the beginning of a zone: it describes each page.
constexpr size_t kSlabShare = 64;
constexpr size_t kLeastMiB = 2;

// What is in a zone's data: another layout has another magic number, so that a module finds only what it
// knows.
struct alignas(64) StoreHeader {
  uint64_t magic;
  uint64_t size;
};
constexpr uint64_t kStoreMagic = 0x7467636163680001;

std::byte* store_of(StoreHeader* header) {
  return reinterpret_cast<std::byte*>(header + 1);
}

// Nothing is allocated from the zone afterwards: its mutex would stay locked where a worker dies.
ngx_int_t init_cache_zone(ngx_shm_zone_t* zone, void* old) noexcept {
  auto* slab = reinterpret_cast<ngx_slab_pool_t*>(zone->shm.addr);
  if (old == nullptr && zone->shm.exists) old = slab->data;
  if (old != nullptr) {
    zone->data = old;
    return static_cast<StoreHeader*>(old)->magic == kStoreMagic ? NGX_OK : NGX_ERROR;
  }
  const size_t size = (zone->shm.size - zone->shm.size / kSlabShare) / ngx_pagesize * ngx_pagesize;
#if (NGX_DEBUG_MALLOC)
  auto* header = static_cast<StoreHeader*>(ngx_slab_calloc(slab, size));
#else
  // The system has cleared the pages (mmap(2)). Clearing them again would make all of them resident.
  auto* header = static_cast<StoreHeader*>(ngx_slab_alloc(slab, size));
#endif
  if (header == nullptr || !core::AnswerStore::begin(store_of(header), size - sizeof(StoreHeader))) {
    ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0, "tablegate_cache_zone: the memory cannot be prepared");
    return NGX_ERROR;
  }
  header->magic = kStoreMagic;
  header->size = size - sizeof(StoreHeader);
  slab->data = header;
  zone->data = header;
  return NGX_OK;
}

}  // namespace

char* set_cache_zone(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept try {
  auto& config = *static_cast<MainConfig*>(conf);
  auto* arguments = static_cast<ngx_str_t*>(cf->args->elts);
  if (config.cache_zone != nullptr) return const_cast<char*>("is duplicate");
  const ssize_t size = ngx_parse_size(&arguments[1]);
  if (size == NGX_ERROR || size < static_cast<ssize_t>(kLeastMiB << 20U)) {
    return conf_error(cf, "tablegate_cache_zone requires a size of at least " + std::to_string(kLeastMiB) +
                              "m, not " + quoted(view(arguments[1])));
  }
  ngx_str_t name = ngx_string("tablegate_cache");
  config.cache_zone = ngx_shared_memory_add(cf, &name, static_cast<size_t>(size), &ngx_http_tablegate_module);
  if (config.cache_zone == nullptr) return conf_error();
  config.cache_zone->init = init_cache_zone;
  config.cache_zone->data = &config;
  return NGX_CONF_OK;
} catch (const std::exception&) {
  return const_cast<char*>("failed: out of memory");
}

core::AnswerStore answer_store(const ngx_shm_zone_t& zone) {
  auto* header = static_cast<StoreHeader*>(zone.data);
  return {store_of(header), header->size};
}

}  // namespace tablegate::ngx
