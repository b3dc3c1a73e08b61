#include "ngx/worker.hpp"

#include <malloc.h>

#include "ngx/cache_zone.hpp"

namespace tablegate::ngx {

namespace {

constexpr uint32_t kReportMs = 1000;

// The results of a long answer are allocated and freed at the end of the heap. By default glibc gives 128 KiB
// back at once and asks for as little as possible: several calls of brk, and page faults, for each answer.
// What a worker keeps instead is bounded by the first number.
constexpr int kTrimThreshold = 1 << 20;
constexpr int kTopPad = 256 << 10;

}  // namespace

Worker::Worker(const MainConfig& config, ngx_log_t* log)
    : config_(config), loop_(log), authenticator_(*config.manifest), flights_(*this) {
  if (config.zone != nullptr) nonces_.emplace(*config.zone, config.hmac_window);
  if (config.cache_zone != nullptr) answers_.emplace(answer_store(*config.cache_zone));
  for (const Service& service : config.services) {
    for (const ResourceGroup& group : service.groups) {
      pg::PoolConfig pool;
      pool.name = service.name + "/" + group.name;
      pool.dsn = service.dsn.get();
      pool.connections = group.connections;
      pool.queue = group.queue;
      pool.fair = group.fair;
      pool.connect_timeout_ms = static_cast<uint32_t>(service.connect_timeout);
      pool.prepare = service.prepare;
      pool.pipeline = service.pipeline;
      // One Sync for all that waited: a quarter less CPU than a Sync a query (t/bench/RESULTS.md).
      pool.batch = true;
      pools_.push_back(std::make_unique<pg::Pool>(loop_, std::move(pool)));
    }
  }
  make_generations();
  if (config.zone == nullptr) return;
  statistics_.emplace(config);
  timer_ = loop_.timer(*this);
  timer_->start(kReportMs);
}

void Worker::make_generations() {
  std::vector<size_t> service_of_pool;
  for (size_t service = 0; service < config_.services.size(); ++service)
    service_of_pool.insert(service_of_pool.end(), config_.services[service].groups.size(), service);
  std::vector<Generations*> of_service(config_.services.size());
  generations_of_pool_.resize(pools_.size());
  for (const core::Api& api : config_.manifest->apis) {
    if (api.tables.empty()) continue;
    const size_t pool = config_.pool_of_api[api.index];
    Generations*& generations = of_service[service_of_pool[pool]];
    if (generations == nullptr) {
      std::vector<pg::Pool*> pools;
      for (size_t i = 0; i < pools_.size(); ++i) {
        if (service_of_pool[i] == service_of_pool[pool]) pools.push_back(pools_[i].get());
      }
      generations_.push_back(
          std::make_unique<Generations>(*config_.manifest, api.service, std::move(pools), flights_, loop_));
      generations = generations_.back().get();
      if (config_.status_anywhere) generations->touch();  // the status reports them from the start
    }
    generations->add_use(api);
    generations_of_pool_[pool] = generations;
  }
}

void Worker::report_pools() {
  if (statistics_) statistics_->report(pools_, ngx_exiting != 0 || ngx_quit != 0 || leaving_);
}

void Worker::on_timer() noexcept {
  report_pools();
  timer_->start(kReportMs);
}

void Worker::leave() {
  if (leaving_) return;
  leaving_ = true;
  for (auto& pool : pools_) pool->set_leaving();
}

namespace {

MainConfig* cycle_config(ngx_cycle_t* cycle) {
  if (ngx_get_conf(cycle->conf_ctx, ngx_http_module) == nullptr) return nullptr;  // no http block
  return static_cast<MainConfig*>(ngx_http_cycle_get_module_main_conf(cycle, ngx_http_tablegate_module));
}

}  // namespace

ngx_int_t init_process(ngx_cycle_t* cycle) noexcept {
  // nginx's cache manager and loader call this too.
  if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE) return NGX_OK;
  MainConfig* config = cycle_config(cycle);
  if (config == nullptr || !config->manifest) return NGX_OK;
  mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
  mallopt(M_TOP_PAD, kTopPad);
  try {
    config->worker = std::make_unique<Worker>(*config, cycle->log);
  } catch (...) {
    // An error here would keep the master from starting a worker ever again: serve 500 instead.
    ngx_log_error(NGX_LOG_ALERT, cycle->log, 0, "tablegate: no memory for the worker's connections");
  }
  return NGX_OK;
}

void exit_process(ngx_cycle_t* cycle) noexcept {
  MainConfig* config = cycle_config(cycle);
  if (config != nullptr) config->worker.reset();
}

}  // namespace tablegate::ngx
