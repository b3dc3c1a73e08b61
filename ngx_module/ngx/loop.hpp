// nginx's event loop as pg sees it (pg/loop.hpp): level-triggered watches on
// the sockets of libpq's connections, timers, the worker's error log. One a worker,
// owned by it. nginx must never close libpq's descriptors, and a
// watch is gone before libpq may replace its socket.
#pragma once

#include "ngx/ngx.hpp"
#include "pg/loop.hpp"

namespace tablegate::ngx {

class Loop final : public pg::Loop {
 public:
  explicit Loop(ngx_log_t* log) : log_(log) {}

  std::unique_ptr<pg::Watch> watch(int fd, pg::IoHandler& handler) override;
  std::unique_ptr<pg::Timer> timer(pg::TimerHandler& handler) override;
  std::unique_ptr<pg::Timer> lasting_timer(pg::TimerHandler& handler) override;
  uint64_t now_ms() override { return ngx_current_msec; }
  uint64_t clock_ms() override;
  uint32_t random() override { return static_cast<uint32_t>(::random()); }
  void log(pg::LogLevel level, std::string_view text) override;

 private:
  ngx_log_t* log_;
};

}  // namespace tablegate::ngx
