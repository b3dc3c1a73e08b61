// The status for Prometheus: text format 0.0.4, the samples of a family
// together after its HELP and TYPE.
#include "core/status/status.hpp"
#include "core/text/text_sink.hpp"
#include "core/version.hpp"

namespace tablegate::core {

namespace {

void family(TextSink& out, std::string_view name, std::string_view type, std::string_view help) {
  out.put("# HELP ").put(name).put(" ").put(help).put("\n# TYPE ").put(name).put(" ").put(type).put("\n");
}

void gauge(TextSink& out, std::string_view name, std::string_view help, uint64_t number) {
  family(out, name, "gauge", help);
  out.put(name).put(" ").number(number).put("\n");
}

void write_node_samples(const StatusReport& report, TextSink& out) {
  family(out, "tablegate_info", "gauge", "What the answering worker serves and runs.");
  out.put("tablegate_info{").label("gateway", report.manifest->gateway).put(",");
  out.label("sha256", report.manifest->sha256).put(",").label("nginx", report.nginx).put(",");
  out.label("module", kVersion).put("} 1\n");
  gauge(out, "tablegate_publication", "Publication of the answering worker.", report.manifest->publication);
  gauge(out, "tablegate_loaded_timestamp_seconds", "When its manifest was read.",
        static_cast<uint64_t>(report.loaded_at));
  uint64_t leaving = 0;
  for (const WorkerEntry& worker : report.workers) leaving += worker.leaving ? 1 : 0;
  family(out, "tablegate_workers", "gauge", "Workers of the node.");
  out.put("tablegate_workers{state=\"serving\"} ").number(report.workers.size() - leaving);
  out.put("\ntablegate_workers{state=\"leaving\"} ").number(leaving).put("\n");
}

void write_pools_samples(const StatusReport& report, TextSink& out) {
  struct Family {
    std::string_view name, help;
    uint64_t (*read)(const PoolStatus&);
  };
  static constexpr Family kFamilies[] = {
      {"tablegate_pool_open_connections", "Connections to PostgreSQL, of all workers.",
       [](const PoolStatus& pool) { return pool.now.open; }},
      {"tablegate_pool_busy_connections", "Connections with a query in flight, of all workers.",
       [](const PoolStatus& pool) { return pool.now.busy; }},
      {"tablegate_pool_waiting_requests", "Requests that wait for a connection, of all workers.",
       [](const PoolStatus& pool) { return pool.now.waiting; }},
      {"tablegate_pool_max_connections", "Connections that each worker may open.",
       [](const PoolStatus& pool) { return uint64_t{pool.connections}; }},
      {"tablegate_pool_max_waiting", "Requests that may wait in each worker.",
       [](const PoolStatus& pool) { return uint64_t{pool.queue}; }},
  };
  for (const Family& one : kFamilies) {
    if (report.pools.empty()) return;
    family(out, one.name, "gauge", one.help);
    for (const PoolStatus& pool : report.pools) {
      out.put(one.name).put("{").label("service", pool.service).put(",");
      out.label("resource_group", pool.group).put("} ").number(one.read(pool)).put("\n");
    }
  }
}

void write_tables_samples(const StatusReport& report, TextSink& out) {
  struct Family {
    std::string_view name, help;
    int64_t (*read)(const StatusReport&, const TableStatus&);  // INT64_MIN: there is none
  };
  static constexpr Family kFamilies[] = {
      {"tablegate_table_generation", "Serving generation of a mirrored table.",
       [](const StatusReport&, const TableStatus& table) {
         return static_cast<int64_t>(table.generation->number);
       }},
      {"tablegate_table_rows", "Number of rows that it was loaded with.",
       [](const StatusReport&, const TableStatus& table) {
         return static_cast<int64_t>(table.generation->rows);
       }},
      {"tablegate_table_source_timestamp_seconds", "Time of the newest change in its source that it holds.",
       [](const StatusReport&, const TableStatus& table) { return table.generation->source_time; }},
      {"tablegate_table_loaded_timestamp_seconds", "When it was loaded.",
       [](const StatusReport&, const TableStatus& table) { return table.generation->loaded_at; }},
      {"tablegate_table_age_seconds", "Seconds since its source's time, or since it was loaded.",
       [](const StatusReport& of, const TableStatus& table) {
         return static_cast<int64_t>(table_age(of, table));
       }},
  };
  for (const Family& one : kFamilies) {
    bool any = false;
    for (const TableStatus& table : report.tables) {
      const int64_t value = one.read(report, table);
      if (value == INT64_MIN) continue;
      if (!any) family(out, one.name, "gauge", one.help);
      any = true;
      out.put(one.name).put("{").label("service", table.service).put(",").label("table", table.name);
      out.put("} ").put(std::to_string(value)).put("\n");
    }
  }
}

// name{workspace="...",api="...",version="N"
void begin_sample(TextSink& out, std::string_view name, const Api& api) {
  out.put(name).put("{").label("workspace", api.workspace).put(",").label("api", api.name);
  out.put(",version=\"").number(api.version).put("\"");
}

// Calls work(api, cell) for each API version with a cell.
template <class Work>
void for_each_counted(const StatusReport& report, Work work) {
  for (const Api& api : report.manifest->apis) {
    if (const CounterCell* cell = report.counters->find(api.id, api.version)) work(api, *cell);
  }
}

void write_errors_samples(TextSink& out, const CounterCell& cell, std::string_view name, const Api* api) {
  for (size_t slug = 1; slug < cell.errors.size(); ++slug) {
    const uint64_t count = value_of(cell.errors[slug]);
    if (count == 0) continue;
    if (api != nullptr) {
      begin_sample(out, name, *api);
      out.put(",");
    } else {
      out.put(name).put("{");
    }
    out.label("error", problem_kind(static_cast<Slug>(slug)).name).put("} ").number(count).put("\n");
  }
}

void write_apis_samples(const StatusReport& report, TextSink& out) {
  family(out, "tablegate_requests_total", "counter", "Answers of an API version, errors included.");
  for_each_counted(report, [&out](const Api& api, const CounterCell& cell) {
    begin_sample(out, "tablegate_requests_total", api);
    out.put("} ").number(value_of(cell.requests)).put("\n");
  });
  family(out, "tablegate_errors_total", "counter", "Errors of an API version.");
  for_each_counted(report, [&out](const Api& api, const CounterCell& cell) {
    write_errors_samples(out, cell, "tablegate_errors_total", &api);
  });
  family(out, "tablegate_abandoned_total", "counter", "Requests whose client left before the answer.");
  for_each_counted(report, [&out](const Api& api, const CounterCell& cell) {
    begin_sample(out, "tablegate_abandoned_total", api);
    out.put("} ").number(value_of(cell.abandoned)).put("\n");
  });
  family(out, "tablegate_cut_lists_total", "counter", "Lists that had more rows than max_records.");
  for_each_counted(report, [&out](const Api& api, const CounterCell& cell) {
    begin_sample(out, "tablegate_cut_lists_total", api);
    out.put("} ").number(value_of(cell.cut)).put("\n");
  });
  family(out, "tablegate_truncated_total", "counter", "Answers that broke off after their header.");
  for_each_counted(report, [&out](const Api& api, const CounterCell& cell) {
    begin_sample(out, "tablegate_truncated_total", api);
    out.put("} ").number(value_of(cell.truncated)).put("\n");
  });
  family(out, "tablegate_request_duration_seconds", "summary", "From a request's first byte to its answer.");
  for_each_counted(report, [&out](const Api& api, const CounterCell& cell) {
    begin_sample(out, "tablegate_request_duration_seconds_sum", api);
    out.put("} ").seconds(value_of(cell.milliseconds)).put("\n");
    begin_sample(out, "tablegate_request_duration_seconds_count", api);
    out.put("} ").number(value_of(cell.requests)).put("\n");
  });
}

void counter(TextSink& out, std::string_view name, std::string_view help, uint64_t number) {
  family(out, name, "counter", help);
  out.put(name).put(" ").number(number).put("\n");
}

void write_cache_samples(const AnswerStore::Numbers& cache, TextSink& out) {
  counter(out, "tablegate_cache_hits_total", "Calls whose answer was in tablegate_cache_zone.", cache.hits);
  counter(out, "tablegate_cache_misses_total", "Calls whose answer was looked for there in vain.",
          cache.misses);
  counter(out, "tablegate_cache_evictions_total", "Answers that made room for others.", cache.evictions);
  gauge(out, "tablegate_cache_bytes", "Bytes of tablegate_cache_zone in use.", cache.bytes);
  gauge(out, "tablegate_cache_size_bytes", "Bytes that it has for answers.", cache.size);
}

void write_zone_samples(const StatusReport& report, TextSink& out) {
  gauge(out, "tablegate_nonces", "Nonces that are remembered, approximately.", report.nonces);
  gauge(out, "tablegate_nonce_slots", "Maximum number of nonces.", report.nonce_slots);
  family(out, "tablegate_unmatched_total", "counter", "Requests that found no API.");
  write_errors_samples(out, report.counters->unmatched(), "tablegate_unmatched_total", nullptr);
  family(out, "tablegate_uncounted_total", "counter",
         "Answers of API versions without a cell of their own in tablegate_zone.");
  out.put("tablegate_uncounted_total ").number(value_of(report.counters->other().requests)).put("\n");
  family(out, "tablegate_callers_lost_total", "counter",
         "Callers whose counter in tablegate_zone another one took within ten minutes of a call.");
  out.put("tablegate_callers_lost_total ").number(report.room.callers_lost).put("\n");
  gauge(out, "tablegate_zone_bytes", "Size of tablegate_zone.", report.room.size);
  gauge(out, "tablegate_zone_needed_bytes", "Size of a tablegate_zone that has room for all that it counts.",
        report.room.needed);
}

}  // namespace

bool write_status_prometheus(const StatusReport& report, ByteSink& sink) {
  TextSink out(sink);
  write_node_samples(report, out);
  write_pools_samples(report, out);
  write_tables_samples(report, out);
  if (report.cache) write_cache_samples(*report.cache, out);
  if (report.counters != nullptr) {
    write_apis_samples(report, out);
    write_zone_samples(report, out);
  }
  return out.good();
}

}  // namespace tablegate::core
