// The status as a complete HTML page: no script, nothing to fetch.
#include "core/status/status.hpp"
#include "core/text/http_date.hpp"
#include "core/text/text_sink.hpp"
#include "core/version.hpp"

namespace tablegate::core {

namespace {

constexpr std::string_view kHead =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tablegate</title>"
    "<meta name=\"viewport\" content=\"width=device-width\"><style>"
    "body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;width:100%;margin-bottom:2em}"
    "th,td{text-align:left;padding:.3em .8em .3em 0;border-bottom:1px solid #ddd;vertical-align:top}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code{word-break:break-all}"
    "</style></head><body>\n";

void row(TextSink& out, std::string_view name, std::string_view text) {
  out.put("<tr><th>").put(name).put("</th><td>").html(text).put("</td></tr>\n");
}

// Writes nothing where all finds room.
void write_room_html(const StatusReport& report, TextSink& out) {
  const uint64_t uncounted = value_of(report.counters->other().requests);
  if (uncounted == 0 && report.room.callers_lost == 0) return;
  std::string text = std::to_string(uncounted) + " answers of API versions without a counter of their own, " +
                     std::to_string(report.room.callers_lost) + " callers whose counter another one took";
  if (report.room.too_small())
    text += ": set tablegate_zone to " + std::to_string(report.room.needed >> 20U) + "m in nginx.conf";
  row(out, "Without room in the zone", text);
}

void write_node_html(const StatusReport& report, TextSink& out) {
  char loaded[kHttpDateSize + 1];
  format_http_date(report.loaded_at, loaded);
  out.put("<h1>Tablegate: ").html(report.manifest->gateway).put("</h1>\n<table>\n");
  row(out, "Publication", std::to_string(report.manifest->publication));
  row(out, "Manifest read", loaded);
  row(out, "SHA-256", report.manifest->sha256);
  row(out, "SHA-256 of credentials", report.manifest->credentials_sha256);
  row(out, "nginx", report.nginx);
  row(out, "Module", kVersion);
  if (report.counters == nullptr) {
    row(out, "Zone", "there is no tablegate_zone in nginx.conf: nothing is counted");
  } else {
    row(out, "Nonces",
        std::to_string(report.nonces) + " of " + std::to_string(report.nonce_slots) + " slots");
    row(out, "Requests to no API", std::to_string(value_of(report.counters->unmatched().requests)));
    write_room_html(report, out);
  }
  if (report.cache) {
    row(out, "Answer cache",
        std::to_string(report.cache->bytes >> 10U) + " of " + std::to_string(report.cache->size >> 10U) +
            " KiB, " + std::to_string(report.cache->hits) + " hits, " + std::to_string(report.cache->misses) +
            " misses");
  }
  out.put("</table>\n");
}

void write_workers_html(const StatusReport& report, TextSink& out) {
  out.put(
      "<h2>Workers</h2>\n<table>\n<tr><th>Process</th><th>Generation</th><th>Publication</th><th></th></"
      "tr>\n");
  for (const WorkerEntry& worker : report.workers) {
    out.put("<tr><td>").number(worker.pid).put("</td><td>").number(worker.generation).put("</td><td>");
    out.number(worker.publication).put("</td><td>").put(worker.leaving ? "leaving" : "serving");
    out.put("</td></tr>\n");
  }
  out.put("</table>\n");
}

void write_pools_html(const StatusReport& report, TextSink& out) {
  out.put(
      "<h2>Pools</h2>\n<table>\n<tr><th>Service</th><th>Resource group</th><th class=\"n\">Open</th>"
      "<th class=\"n\">Busy</th><th class=\"n\">Waiting</th><th class=\"n\">Connections a "
      "worker</th></tr>\n");
  for (const PoolStatus& pool : report.pools) {
    out.put("<tr><td>").html(pool.service).put("</td><td>").html(pool.group);
    for (const uint64_t number : {pool.now.open, pool.now.busy, pool.now.waiting, uint64_t{pool.connections}})
      out.put("</td><td class=\"n\">").number(number);
    out.put("</td></tr>\n");
  }
  out.put("</table>\n");
}

// Writes nothing if the worker knows no table.
void write_tables_html(const StatusReport& report, TextSink& out) {
  if (report.tables.empty()) return;
  out.put(
      "<h2>Tables</h2>\n<table>\n<tr><th>Service</th><th>Name</th><th class=\"n\">Generation</th>"
      "<th class=\"n\">Rows</th><th>Source's time</th><th>Loaded</th><th class=\"n\">Age, "
      "seconds</th></tr>\n");
  for (const TableStatus& table : report.tables) {
    const TableGeneration& generation = *table.generation;
    char date[kHttpDateSize + 1];
    out.put("<tr><td>").html(table.service).put("</td><td>").html(table.name);
    out.put("</td><td class=\"n\">").number(generation.number);
    out.put("</td><td class=\"n\">").number(generation.rows).put("</td><td>");
    if (generation.source_time != INT64_MIN) {
      format_http_date(generation.source_time, date);
      out.put(date);
    }
    format_http_date(generation.loaded_at, date);
    out.put("</td><td>").put(date).put("</td><td class=\"n\">").number(table_age(report, table));
    out.put("</td></tr>\n");
  }
  out.put("</table>\n");
}

void write_api_html(const Api& api, const CounterCell* cell, TextSink& out) {
  out.put("<tr><td>")
      .html(api.name)
      .put("</td><td>")
      .number(api.version)
      .put(api.is_canary ? " (canary)" : "");
  out.put("</td><td class=\"n\">").number(cell == nullptr ? 0 : value_of(cell->requests));
  const uint64_t requests = cell == nullptr ? 0 : value_of(cell->requests);
  out.put("</td><td class=\"n\">").seconds(requests == 0 ? 0 : value_of(cell->milliseconds) / requests);
  out.put("</td><td>");
  for (size_t slug = 1; cell != nullptr && slug < cell->errors.size(); ++slug) {
    const uint64_t count = value_of(cell->errors[slug]);
    if (count != 0) out.html(problem_kind(static_cast<Slug>(slug)).name).put(" ").number(count).put("<br>");
  }
  if (const uint64_t cut = cell == nullptr ? 0 : value_of(cell->cut); cut != 0)
    out.put("lists cut at max_records ").number(cut).put("<br>");
  if (const uint64_t truncated = cell == nullptr ? 0 : value_of(cell->truncated); truncated != 0)
    out.put("answers broken off ").number(truncated);
  out.put("</td></tr>\n");
}

}  // namespace

bool write_status_page(const StatusReport& report, ByteSink& sink) {
  TextSink out(sink);
  out.put(kHead);
  write_node_html(report, out);
  write_workers_html(report, out);
  write_pools_html(report, out);
  write_tables_html(report, out);
  out.put(
      "<h2>APIs</h2>\n<table>\n<tr><th>Name</th><th>Version</th><th class=\"n\">Requests</th>"
      "<th class=\"n\">Mean seconds</th><th>Errors</th></tr>\n");
  for (const Api& api : report.manifest->apis) {
    write_api_html(api, report.counters == nullptr ? nullptr : report.counters->find(api.id, api.version),
                   out);
  }
  out.put("</table>\n</body></html>\n");
  return out.good();
}

}  // namespace tablegate::core
