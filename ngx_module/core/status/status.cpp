// The JSON forms of the status; status_prometheus.cpp and status_page.cpp have
// the others.
#include "core/status/status.hpp"

#include <algorithm>

#include "core/text/text_sink.hpp"
#include "core/version.hpp"

namespace tablegate::core {

namespace {

// "requests":N,"abandoned":N,"cut_lists":N,"truncated":N,"seconds":S,"errors":{slug:N,...}; only errors that
// occurred.
void write_counts(const CounterCell* cell, TextSink& out) {
  out.put("\"requests\":").number(cell == nullptr ? 0 : value_of(cell->requests));
  out.put(",\"abandoned\":").number(cell == nullptr ? 0 : value_of(cell->abandoned));
  out.put(",\"cut_lists\":").number(cell == nullptr ? 0 : value_of(cell->cut));
  out.put(",\"truncated\":").number(cell == nullptr ? 0 : value_of(cell->truncated));
  out.put(",\"seconds\":").seconds(cell == nullptr ? 0 : value_of(cell->milliseconds)).put(",\"errors\":{");
  bool first = true;
  for (size_t slug = 1; cell != nullptr && slug < cell->errors.size(); ++slug) {
    const uint64_t count = value_of(cell->errors[slug]);
    if (count == 0) continue;
    out.put(first ? "\"" : ",\"").put(problem_kind(static_cast<Slug>(slug)).name).put("\":").number(count);
    first = false;
  }
  out.put("}");
}

void write_workers(const StatusReport& report, TextSink& out) {
  out.put(",\"workers\":[");
  bool first = true;
  for (const WorkerEntry& worker : report.workers) {
    out.put(first ? "{\"pid\":" : ",{\"pid\":").number(worker.pid);
    out.put(",\"generation\":").number(worker.generation);
    out.put(",\"publication\":").number(worker.publication);
    out.put(worker.leaving ? ",\"leaving\":true}" : ",\"leaving\":false}");
    first = false;
  }
  out.put("]");
}

void write_pools(const StatusReport& report, TextSink& out) {
  out.put(",\"pools\":[");
  bool first = true;
  for (const PoolStatus& pool : report.pools) {
    out.put(first ? "{\"service\":" : ",{\"service\":").json(pool.service);
    out.put(",\"resource_group\":").json(pool.group);
    out.put(",\"open\":").number(pool.now.open).put(",\"busy\":").number(pool.now.busy);
    out.put(",\"waiting\":").number(pool.now.waiting);
    out.put(",\"connections\":").number(pool.connections).put(",\"queue\":").number(pool.queue).put("}");
    first = false;
  }
  out.put("]");
}

void write_tables(const StatusReport& report, TextSink& out) {
  out.put(",\"tables\":[");
  bool first = true;
  for (const TableStatus& table : report.tables) {
    const TableGeneration& generation = *table.generation;
    out.put(first ? "{\"service\":" : ",{\"service\":").json(table.service);
    out.put(",\"name\":").json(table.name).put(",\"generation\":").number(generation.number);
    out.put(",\"rows\":").number(generation.rows).put(",\"source_time\":");
    if (generation.source_time == INT64_MIN) {
      out.put("null");
    } else {
      out.put(std::to_string(generation.source_time));
    }
    out.put(",\"loaded_at\":").put(std::to_string(generation.loaded_at));
    out.put(",\"age\":").number(table_age(report, table));
    out.put(",\"read_at\":").put(std::to_string(table.read_at)).put("}");
    first = false;
  }
  out.put("]");
}

void write_cache(const StatusReport& report, TextSink& out) {
  if (!report.cache) {
    out.put(",\"cache\":null");
    return;
  }
  out.put(",\"cache\":{\"size\":").number(report.cache->size).put(",\"bytes\":").number(report.cache->bytes);
  out.put(",\"hits\":").number(report.cache->hits).put(",\"misses\":").number(report.cache->misses);
  out.put(",\"evictions\":").number(report.cache->evictions).put("}");
}

void write_apis(const StatusReport& report, TextSink& out) {
  out.put(",\"apis\":[");
  bool first = true;
  for (const Api& api : report.manifest->apis) {
    out.put(first ? "{\"id\":" : ",{\"id\":").number(api.id);
    out.put(",\"workspace\":").json(api.workspace).put(",\"name\":").json(api.name);
    out.put(",\"version\":")
        .number(api.version)
        .put(api.is_canary ? ",\"canary\":true" : ",\"canary\":false");
    if (report.counters != nullptr) {
      out.put(",");
      write_counts(report.counters->find(api.id, api.version), out);
    }
    out.put("}");
    first = false;
  }
  out.put("]");
}

}  // namespace

uint64_t table_age(const StatusReport& report, const TableStatus& table) {
  return static_cast<uint64_t>(std::max<int64_t>(0, report.now - table.generation->modified()));
}

bool write_status_json(const StatusReport& report, ByteSink& sink) {
  TextSink out(sink);
  out.put("{\"gateway\":").json(report.manifest->gateway);
  out.put(",\"publication\":").number(report.manifest->publication);
  out.put(",\"sha256\":").json(report.manifest->sha256);
  out.put(",\"credentials_sha256\":").json(report.manifest->credentials_sha256);
  out.put(",\"loaded_at\":").number(static_cast<uint64_t>(report.loaded_at));
  out.put(",\"generation\":").number(report.generation);
  out.put(",\"nginx\":").json(report.nginx).put(",\"module\":").json(kVersion);
  write_workers(report, out);
  write_pools(report, out);
  write_tables(report, out);
  if (report.counters == nullptr) {
    out.put(",\"zone\":null");
  } else {
    out.put(",\"zone\":{\"epoch\":\"").number(report.epoch).put("\",\"nonces\":").number(report.nonces);
    out.put(",\"nonce_slots\":").number(report.nonce_slots).put(",\"unmatched\":{");
    write_counts(&report.counters->unmatched(), out);
    out.put("},\"other\":{");
    write_counts(&report.counters->other(), out);
    out.put("},\"size\":").number(report.room.size).put(",\"needed\":").number(report.room.needed);
    out.put(",\"api_versions\":").number(report.counters->cells());
    out.put(",\"callers\":").number(report.room.caller_slots);
    out.put(",\"callers_lost\":").number(report.room.callers_lost).put("}");
  }
  write_cache(report, out);
  write_apis(report, out);
  out.put("}\n");
  return out.good();
}

bool write_usage_json(const StatusReport& report, const std::vector<UsageEntry>& usage, ByteSink& sink) {
  std::vector<const Api*> apis;  // by id
  for (const Api& api : report.manifest->apis) apis.push_back(&api);
  const auto less = [](const Api* api, uint32_t id) { return api->id < id; };
  std::sort(apis.begin(), apis.end(), [](const Api* a, const Api* b) { return a->id < b->id; });
  TextSink out(sink);
  out.put("{\"gateway\":").json(report.manifest->gateway);
  out.put(",\"publication\":").number(report.manifest->publication);
  out.put(",\"sha256\":").json(report.manifest->sha256);
  out.put(",\"credentials_sha256\":").json(report.manifest->credentials_sha256);
  out.put(",\"epoch\":\"").number(report.epoch).put("\",\"usage\":[");
  bool first = true;
  for (const UsageEntry& entry : usage) {
    out.put(first ? "{\"api_id\":" : ",{\"api_id\":").number(entry.api_id).put(",\"api\":");
    const auto found = std::lower_bound(apis.begin(), apis.end(), entry.api_id, less);
    if (found != apis.end() && (*found)->id == entry.api_id) {
      out.json((*found)->name);
    } else {
      out.put("null");
    }
    out.put(",\"consumer\":").json(entry.consumer).put(",\"requests\":").number(entry.calls);
    out.put(",\"last_call\":").number(static_cast<uint64_t>(entry.last));
    out.put(",\"instance\":").number(entry.instance).put("}");
    first = false;
  }
  out.put("]}\n");
  return out.good();
}

}  // namespace tablegate::core
