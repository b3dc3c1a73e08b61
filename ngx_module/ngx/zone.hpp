// tablegate_zone: memory that all workers share, kept over reloads while its size
// stays. Half of it remembers nonces, an eighth counts API versions, an eighth
// callers, a sixteenth tells of workers. Nothing in it points anywhere, and nobody
// holds a lock: a worker may die at any moment.
#pragma once

#include "core/shared/counter_table.hpp"
#include "core/shared/nonce_table.hpp"
#include "core/shared/nonce_times.hpp"
#include "core/shared/usage_table.hpp"
#include "core/shared/worker_table.hpp"
#include "ngx/ngx.hpp"

namespace tablegate::ngx {

// ngx_shm_zone_t::init. Attaches only where memory is there already: the reload may still fail.
ngx_int_t init_zone(ngx_shm_zone_t* zone, void* old) noexcept;

// The nonces of the zone, as one worker sees them.
class NonceStore {
 public:
  // `window`: the largest tablegate_hmac_window of the configuration, in seconds. Called in a worker.
  NonceStore(const ngx_shm_zone_t& zone, time_t window);

  core::NonceTable& table() const { return table_; }
  core::NonceTimes::Limits limits() const;

 private:
  struct Header* header_;
  time_t window_;
  mutable core::NonceTable table_;
};

// What the zone counts, as one process sees it.
class SharedTables {
 public:
  explicit SharedTables(const ngx_shm_zone_t& zone);

  core::CounterTable counters;
  mutable core::UsageTable usage;
  core::WorkerTable workers;
  // Another number after a start and a change of the zone's size: everything counts from 0 again.
  uint64_t epoch;

 private:
  explicit SharedTables(struct Header& header);
};

// `size`, in bytes, where a zone of that size counts this many API versions apart and lost no callers; else
// the size, in whole MiB, of one that has the room.
size_t needed_zone_size(size_t size, size_t versions, bool callers_lost);

}  // namespace tablegate::ngx
