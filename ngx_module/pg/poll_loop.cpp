#include "pg/poll_loop.hpp"

#include <poll.h>
#include <time.h>

#include <algorithm>
#include <vector>

namespace tablegate::pg {

class PollLoop::PollWatch final : public Watch {
 public:
  PollWatch(PollLoop& loop, int fd, IoHandler& handler)
      : loop_(loop), fd_(fd), handler_(handler), serial_(++loop.serials_) {
    position_ = loop_.watches_.insert(loop_.watches_.end(), this);
  }
  ~PollWatch() override { loop_.watches_.erase(position_); }
  PollWatch(const PollWatch&) = delete;
  PollWatch& operator=(const PollWatch&) = delete;

  bool want(bool read, bool write) override {
    events_ = static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0));
    return true;
  }
  void set_idle(bool idle) override { idle_ = idle; }

  int fd() const { return fd_; }
  uint64_t serial() const { return serial_; }
  short events() const { return events_; }
  bool idle() const { return idle_; }
  IoHandler& handler() const { return handler_; }

 private:
  PollLoop& loop_;
  int fd_;
  IoHandler& handler_;
  uint64_t serial_;
  short events_ = 0;
  bool idle_ = false;
  std::list<PollWatch*>::iterator position_;
};

class PollLoop::PollTimer final : public Timer {
 public:
  PollTimer(PollLoop& loop, TimerHandler& handler) : loop_(loop), handler_(handler) {
    position_ = loop_.timers_.insert(loop_.timers_.end(), this);
  }
  ~PollTimer() override { loop_.timers_.erase(position_); }
  PollTimer(const PollTimer&) = delete;
  PollTimer& operator=(const PollTimer&) = delete;

  void start(uint32_t ms) override {
    armed_ = true;
    due_ms_ = loop_.now_ms() + ms;
  }
  void stop() override { armed_ = false; }

  bool armed() const { return armed_; }
  uint64_t due_ms() const { return due_ms_; }
  TimerHandler& handler() const { return handler_; }

 private:
  PollLoop& loop_;
  TimerHandler& handler_;
  bool armed_ = false;
  uint64_t due_ms_ = 0;
  std::list<PollTimer*>::iterator position_;
};

PollLoop::PollLoop(LogSink sink) : sink_(std::move(sink)), random_(std::random_device{}()) {}

PollLoop::~PollLoop() = default;

std::unique_ptr<Watch> PollLoop::watch(int fd, IoHandler& handler) {
  if (watches_.size() >= watch_limit_) return nullptr;
  return std::make_unique<PollWatch>(*this, fd, handler);
}

std::unique_ptr<Timer> PollLoop::timer(TimerHandler& handler) {
  return std::make_unique<PollTimer>(*this, handler);
}

uint64_t PollLoop::now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

uint32_t PollLoop::random() {
  return static_cast<uint32_t>(random_());
}

void PollLoop::log(LogLevel level, std::string_view text) {
  if (sink_) sink_(level, text);
}

int PollLoop::wait_ms(int timeout_ms) {
  const uint64_t now = now_ms();
  int wait = timeout_ms;
  for (const PollTimer* timer : timers_) {
    if (!timer->armed()) continue;
    const uint64_t left = timer->due_ms() > now ? timer->due_ms() - now : 0;
    const int bounded = static_cast<int>(std::min<uint64_t>(left, 3600000));
    if (wait < 0 || bounded < wait) wait = bounded;
  }
  return wait;
}

void PollLoop::run_once(int timeout_ms) {
  std::vector<pollfd> descriptors;
  struct Polled {
    PollWatch* watch;
    uint64_t serial;
  };
  std::vector<Polled> polled;
  for (PollWatch* watch : watches_) {
    // poll(2) reports a hang-up even where nothing is asked for; a negative descriptor is skipped.
    descriptors.push_back({watch->events() == 0 ? -1 : watch->fd(), watch->events(), 0});
    polled.push_back({watch, watch->serial()});
  }
  const int ready = poll(descriptors.data(), descriptors.size(), wait_ms(timeout_ms));
  for (std::size_t i = 0; ready > 0 && i < descriptors.size(); ++i) {
    const short got = descriptors[i].revents;
    if (got == 0) continue;
    // A handler before may have destroyed this watch, and a new one may live at its address.
    if (std::find(watches_.begin(), watches_.end(), polled[i].watch) == watches_.end()) continue;
    if (polled[i].watch->serial() != polled[i].serial) continue;
    const bool broken = (got & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    polled[i].watch->handler().on_io(broken || (got & POLLIN) != 0, broken || (got & POLLOUT) != 0);
  }
  run_timers();
}

void PollLoop::run_timers() {
  // Only those due now: a handler that arms a timer with 0 ms waits for the next round.
  const uint64_t now = now_ms();
  std::vector<PollTimer*> due;
  for (PollTimer* timer : timers_) {
    if (timer->armed() && timer->due_ms() <= now) due.push_back(timer);
  }
  for (PollTimer* timer : due) {
    if (std::find(timers_.begin(), timers_.end(), timer) == timers_.end() || !timer->armed()) continue;
    timer->stop();
    timer->handler().on_timer();
  }
}

bool PollLoop::run_until(const std::function<bool()>& done, uint32_t limit_ms) {
  const uint64_t end = now_ms() + limit_ms;
  while (!done()) {
    const uint64_t now = now_ms();
    if (now >= end) return false;
    run_once(static_cast<int>(std::min<uint64_t>(end - now, 3600000)));
  }
  return true;
}

void PollLoop::close_idle() {
  const std::vector<PollWatch*> all(watches_.begin(), watches_.end());
  for (PollWatch* watch : all) {
    if (std::find(watches_.begin(), watches_.end(), watch) == watches_.end() || !watch->idle()) continue;
    watch->handler().on_close();
  }
}

}  // namespace tablegate::pg
