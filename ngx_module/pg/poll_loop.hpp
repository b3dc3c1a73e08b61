// Loop over poll(2), for the loader and the unit tests. Not made for many sockets.
// One thread; outlives every Watch and Timer it gave out.
#pragma once

#include <functional>
#include <list>
#include <random>

#include "pg/loop.hpp"

namespace tablegate::pg {

class PollLoop final : public Loop {
 public:
  using LogSink = std::function<void(LogLevel, std::string_view)>;

  // An empty sink drops log lines.
  explicit PollLoop(LogSink sink = {});
  ~PollLoop() override;
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  std::unique_ptr<Watch> watch(int fd, IoHandler& handler) override;
  std::unique_ptr<Timer> timer(TimerHandler& handler) override;
  uint64_t now_ms() override;
  uint64_t clock_ms() override { return now_ms(); }
  uint32_t random() override;
  void log(LogLevel level, std::string_view text) override;

  // Waits for events or a timer, at most timeout_ms (negative: no limit), and runs the handlers.
  void run_once(int timeout_ms);
  // Runs until `done` says so; false when `limit_ms` milliseconds passed first.
  bool run_until(const std::function<bool()>& done, uint32_t limit_ms);
  // Calls on_close of every idle watch, as nginx does when a worker leaves.
  void close_idle();
  // How many watches exist: 0 when nothing leaked.
  std::size_t watch_count() const { return watches_.size(); }
  // At most this many watches (tests: worker_connections used up).
  void set_watch_limit(std::size_t limit) { watch_limit_ = limit; }

 private:
  class PollWatch;
  class PollTimer;

  int wait_ms(int timeout_ms);
  void run_timers();

  LogSink sink_;
  std::list<PollWatch*> watches_;
  std::list<PollTimer*> timers_;
  uint64_t serials_ = 0;
  std::size_t watch_limit_ = 100000;
  std::minstd_rand random_;
};

}  // namespace tablegate::pg
