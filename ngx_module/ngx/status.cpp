#include "ngx/status.hpp"

#include "core/call/accept.hpp"
#include "core/status/status.hpp"
#include "ngx/answer.hpp"
#include "ngx/call.hpp"
#include "ngx/worker.hpp"

namespace tablegate::ngx {

namespace {

enum Form : size_t { kJsonForm, kPrometheusForm, kPageForm };

bool wants_usage(std::string_view args) {
  while (!args.empty()) {
    const std::string_view argument = args.substr(0, args.find('&'));
    if (argument.substr(0, argument.find('=')) == "usage") return true;
    args.remove_prefix(std::min(args.size(), argument.size() + 1));
  }
  return false;
}

Form wanted_form(ngx_http_request_t* r) {
  core::Negotiation accept({"application/json", "text/plain", "text/html"});
  Headers(r).visit(accept);
  return static_cast<Form>(accept.best());
}

// Without a zone: what this worker knows of itself.
core::PoolNumbers own_numbers(const pg::Pool& pool) {
  const pg::PoolStatistics now = pool.statistics();
  return {now.open, now.busy, now.waiting};
}

core::StatusReport make_report(const MainConfig& config) {
  Worker& worker = *config.worker;
  core::StatusReport report;
  report.manifest = config.manifest.get();
  report.loaded_at = config.loaded_at;
  report.generation = config.generation;
  report.nginx = NGINX_VERSION;
  const Statistics* statistics = worker.statistics();
  if (statistics != nullptr) {
    worker.report_pools();
    report.workers = statistics->tables().workers.read(ngx_time(), process_lives);
    report.counters = &statistics->tables().counters;
    report.epoch = statistics->tables().epoch;
    report.nonce_slots = worker.nonces()->table().slots();
    report.nonces = worker.nonces()->table().used(ngx_time());
    const core::UsageTable& usage = statistics->tables().usage;
    const size_t size = config.zone->shm.size;
    report.room = {size, needed_zone_size(size, report.manifest->apis.size(), usage.lost() != 0),
                   usage.slots(), usage.lost()};
  } else {
    report.workers.push_back({static_cast<uint64_t>(ngx_pid), config.generation, report.manifest->publication,
                              ngx_exiting != 0, nullptr});
  }
  if (const core::AnswerStore* answers = worker.answers()) report.cache = answers->numbers();
  report.now = ngx_time();
  for (const auto& generations : worker.generations()) {
    generations->touch();
    const std::vector<core::TableGeneration>& tables = generations->known().all();
    for (size_t table = 0; table < tables.size(); ++table) {
      if (!tables[table].known || !generations->uses(table)) continue;
      report.tables.push_back(
          {generations->service(), generations->known().name(table), &tables[table], generations->read_at()});
    }
  }
  size_t place = 0;
  for (const Service& service : config.services) {
    for (const ResourceGroup& group : service.groups) {
      core::PoolStatus pool{service.name, group.name, {}, group.connections, group.queue};
      const uint64_t name = core::WorkerTable::pool_name(service.name + "/" + group.name);
      pool.now = statistics != nullptr ? core::WorkerTable::sum(report.workers, name)
                                       : own_numbers(*worker.pools()[place]);
      report.pools.push_back(std::move(pool));
      ++place;
    }
  }
  return report;
}

bool write(const core::StatusReport& report, Form form, core::ByteSink& sink) {
  switch (form) {
    case kPrometheusForm:
      return core::write_status_prometheus(report, sink);
    case kPageForm:
      return core::write_status_page(report, sink);
    case kJsonForm:
      break;
  }
  return core::write_status_json(report, sink);
}

ngx_int_t send_form(ngx_http_request_t* r, Form form, ChainSink& body) {
  constexpr MediaType kTypes[] = {
      {"application/json; charset=utf-8", sizeof("application/json") - 1},
      {"text/plain; version=0.0.4; charset=utf-8", sizeof("text/plain") - 1},
      {"text/html; charset=utf-8", sizeof("text/html") - 1},
  };
  return send_status(r, kTypes[form], body);
}

ngx_int_t answer_status(ngx_http_request_t* r) {
  if ((r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) == 0) return refuse_method(r, "GET, HEAD");
  const ngx_int_t discarded = ngx_http_discard_request_body(r);
  if (discarded != NGX_OK) return discarded;
  const MainConfig& config = main_config(r);
  if (!config.worker) return NGX_HTTP_SERVICE_UNAVAILABLE;
  const core::StatusReport report = make_report(config);
  ChainSink sink(r->pool);
  if (wants_usage(view(r->args))) {
    const Statistics* statistics = config.worker->statistics();
    const std::vector<core::UsageEntry> usage =
        statistics != nullptr ? statistics->tables().usage.read() : std::vector<core::UsageEntry>();
    if (!core::write_usage_json(report, usage, sink)) return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return send_form(r, kJsonForm, sink);
  }
  const Form form = wanted_form(r);
  if (!write(report, form, sink)) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  return send_form(r, form, sink);
}

}  // namespace

ngx_int_t status_handler(ngx_http_request_t* r) noexcept try { return answer_status(r); } catch (...) {
  return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

}  // namespace tablegate::ngx
