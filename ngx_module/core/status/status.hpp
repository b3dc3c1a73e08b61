// The report of `tablegate_status` on a node in its three forms: JSON for
// programs, Prometheus' text format 0.0.4, and a page for people; also the list
// of callers. Written directly into the response's buffers, for any number of
// APIs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/answer/json_writer.hpp"
#include "core/manifest/manifest.hpp"
#include "core/plan/table_generations.hpp"
#include "core/shared/answer_store.hpp"
#include "core/shared/counter_table.hpp"
#include "core/shared/usage_table.hpp"
#include "core/shared/worker_table.hpp"

namespace tablegate::core {

// A pool, its numbers summed over the known workers.
struct PoolStatus {
  std::string service;
  std::string group;
  PoolNumbers now;
  unsigned connections = 0;  // that each worker may open
  unsigned queue = 0;        // requests that may wait in each worker
};

// A mirrored table as the answering worker sees it.
struct TableStatus {
  std::string_view service;
  std::string_view name;
  const TableGeneration* generation = nullptr;
  int64_t read_at = 0;  // when it was read, in seconds since 1970
};

// Whether tablegate_zone has room for all that it counts.
struct ZoneRoom {
  size_t size = 0;            // bytes
  size_t needed = 0;          // bytes of a zone that has it
  size_t caller_slots = 0;    // pairs of API and consumer
  uint64_t callers_lost = 0;  // UsageTable::lost()

  bool too_small() const { return needed > size; }
};

// All pointers must stay valid during the writing.
struct StatusReport {
  const Manifest* manifest = nullptr;  // of the answering worker
  int64_t loaded_at = 0;               // when the master read it, in seconds since 1970
  uint64_t generation = 0;
  std::string_view nginx;            // version
  std::vector<WorkerEntry> workers;  // without a zone: the answering one
  std::vector<PoolStatus> pools;
  int64_t now = 0;                  // seconds since 1970, for ages
  std::vector<TableStatus> tables;  // the known ones
  uint64_t epoch = 0;  // of the zone's memory; its numbers count since then. 0: no tablegate_zone
  size_t nonce_slots = 0;
  size_t nonces = 0;
  ZoneRoom room;
  std::optional<AnswerStore::Numbers> cache;  // none: no tablegate_cache_zone
  const CounterTable* counters = nullptr;     // null: no tablegate_zone
};

// Seconds since the newest change that a table holds, or since it was loaded; 0 for a time in the future.
uint64_t table_age(const StatusReport& report, const TableStatus& table);

// False: memory is exhausted.
bool write_status_json(const StatusReport& report, ByteSink& sink);
bool write_status_prometheus(const StatusReport& report, ByteSink& sink);
bool write_status_page(const StatusReport& report, ByteSink& sink);

// {"gateway","publication","epoch","usage":[{"api_id","api","consumer","requests","last_call","instance"}]}:
// who called what since the zone's memory was created; requests only grow within an epoch and instance. `api`
// is null if it is no longer in the manifest.
bool write_usage_json(const StatusReport& report, const std::vector<UsageEntry>& usage, ByteSink& sink);

}  // namespace tablegate::core
