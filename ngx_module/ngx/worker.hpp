// What one worker has of its own: its event loop adapter, its connections to
// PostgreSQL (one pool a resource group) and its digest context. Made after the
// fork, closed before the worker leaves.
#pragma once

#include <memory>
#include <vector>

#include "core/credential.hpp"
#include "ngx/config.hpp"
#include "ngx/loop.hpp"
#include "pg/pool.hpp"

namespace tablegate::ngx {

class Worker {
 public:
  Worker(const MainConfig& config, ngx_log_t* log);

  pg::Pool& pool(const core::Api& api) { return *pools_[config_.pool_of_api[api.index]]; }
  core::Sha256& sha256() { return sha256_; }
  // The worker is on its way out: keep what the last requests need, no more. Cheap to call again.
  void leave();

 private:
  const MainConfig& config_;
  Loop loop_;
  core::Sha256 sha256_;
  std::vector<std::unique_ptr<pg::Pool>> pools_;
  bool leaving_ = false;
};

// nginx's hooks.
ngx_int_t init_process(ngx_cycle_t* cycle) noexcept;
void exit_process(ngx_cycle_t* cycle) noexcept;

}  // namespace tablegate::ngx
