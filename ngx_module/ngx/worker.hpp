// What one worker has of its own: its event loop adapter, its connections to
// PostgreSQL (one pool a resource group), its contexts for proofs, its view of the
// shared nonces and counters. Made after the fork, closed before the worker leaves.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/answer/totals.hpp"
#include "core/proof/authentication.hpp"
#include "core/random_bytes.hpp"
#include "core/shared/answer_store.hpp"
#include "ngx/config.hpp"
#include "ngx/flight.hpp"
#include "ngx/generations.hpp"
#include "ngx/loop.hpp"
#include "ngx/statistics.hpp"
#include "ngx/stream_buffers.hpp"
#include "ngx/zone.hpp"
#include "pg/pool.hpp"

namespace tablegate::ngx {

class Worker final : private pg::TimerHandler {
 public:
  Worker(const MainConfig& config, ngx_log_t* log);

  pg::Pool& pool(const core::Api& api) { return *pools_[config_.pool_of_api[api.index]]; }
  // Null: it is not known which tables the API reads.
  Generations* generations(const core::Api& api) {
    return api.tables.empty() ? nullptr : generations_of_pool_[config_.pool_of_api[api.index]];
  }
  // One a service that an API of the manifest reads tables of.
  const std::vector<std::unique_ptr<Generations>>& generations() const { return generations_; }
  Flights& flights() { return flights_; }
  core::Totals& totals() { return totals_; }
  StreamBuffers& stream_buffers() { return stream_buffers_; }
  core::Authenticator& authenticator() { return authenticator_; }
  core::RandomBytes& random() { return random_; }
  // Null: there is no tablegate_zone.
  const NonceStore* nonces() const { return nonces_ ? &*nonces_ : nullptr; }
  // Null: there is no tablegate_zone.
  Statistics* statistics() { return statistics_ ? &*statistics_ : nullptr; }
  // Null: there is no tablegate_cache_zone.
  core::AnswerStore* answers() { return answers_ ? &*answers_ : nullptr; }
  // The pools in the order of the configuration: all groups of all services.
  const std::vector<std::unique_ptr<pg::Pool>>& pools() const { return pools_; }
  // Tells the zone what the pools hold now; a timer does it each second.
  void report_pools();
  // The worker is on its way out: keep what the last requests need, no more. Cheap to call again.
  void leave();

 private:
  void on_timer() noexcept override;
  void make_generations();

  const MainConfig& config_;
  Loop loop_;
  core::Authenticator authenticator_;
  core::RandomBytes random_;
  core::Totals totals_;
  StreamBuffers stream_buffers_;
  std::optional<NonceStore> nonces_;
  std::optional<Statistics> statistics_;
  std::optional<core::AnswerStore> answers_;
  Flights flights_;  // outlive the pools, which link them
  std::vector<std::unique_ptr<pg::Pool>> pools_;
  std::vector<std::unique_ptr<Generations>> generations_;
  std::vector<Generations*> generations_of_pool_;  // null: no API there reads a table
  std::unique_ptr<pg::Timer> timer_;
  bool leaving_ = false;
};

// nginx's hooks.
ngx_int_t init_process(ngx_cycle_t* cycle) noexcept;
void exit_process(ngx_cycle_t* cycle) noexcept;

}  // namespace tablegate::ngx
