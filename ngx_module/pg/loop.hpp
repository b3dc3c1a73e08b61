// The small interface between pg and whatever event loop runs it: nginx's (ngx/)
// or poll(2) (poll_loop.hpp: the loader and the unit tests). Level-triggered: one
// read does not empty a socket, so a loop that reports edges stalls.
// Everything runs in one thread. pg never blocks and never waits: it asks for
// events and returns. A handler may destroy its own Watch or Timer, or itself,
// while it runs: a loop must not touch either after the call.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace tablegate::pg {

enum class LogLevel { error, warn, info, debug };

// Gets the events of one Watch. Must outlive that Watch.
struct IoHandler {
  // The socket is readable and/or writable; an error or a hang-up counts as both.
  virtual void on_io(bool readable, bool writable) noexcept = 0;
  // The process is leaving and this registration was set idle: the owner may close
  // it now, or keep it (it will be closed by Pool::shutdown at the latest).
  virtual void on_close() noexcept = 0;

 protected:
  ~IoHandler() = default;
};

// Gets the expiry of one Timer. Must outlive that Timer.
struct TimerHandler {
  virtual void on_timer() noexcept = 0;

 protected:
  ~TimerHandler() = default;
};

// One registration of one socket, level-triggered. The destructor takes it out of
// the loop (and gives nginx its connection slot back) without closing the socket,
// which belongs to libpq. Destroy it before PQfinish, and before every
// PQconnectPoll: that may put another socket behind the same number.
class Watch {
 public:
  virtual ~Watch() = default;
  // Which events to report from now on; a new Watch reports none. False when the
  // loop refused: the connection cannot be used.
  virtual bool want(bool read, bool write) = 0;
  // Idle: nothing is in flight, IoHandler::on_close may be called (nginx: c->idle).
  // A new Watch is not idle.
  virtual void set_idle(bool idle) = 0;
  // The socket is closed already: its number may soon be another's, which the destructor must not touch.
  virtual void set_closed() {}
};

// One-shot timer. Most timers of pg are background timers: they must not keep a
// leaving process alive (nginx: cancelable); a request has a deadline of its own.
class Timer {
 public:
  virtual ~Timer() = default;
  // Arms or re-arms. 0: once all events of this turn of the loop are handled, never inside start().
  virtual void start(uint32_t ms) = 0;
  virtual void stop() = 0;  // harmless when it is not armed
};

class Loop {
 public:
  virtual ~Loop() = default;
  // Null when no slot is left (nginx: worker_connections).
  virtual std::unique_ptr<Watch> watch(int fd, IoHandler& handler) = 0;
  virtual std::unique_ptr<Timer> timer(TimerHandler& handler) = 0;
  // While it is armed a leaving process stays: for what must not be left behind in the database.
  virtual std::unique_ptr<Timer> lasting_timer(TimerHandler& handler) = 0;
  virtual uint64_t now_ms() = 0;    // monotonic, may be cached for one round of the loop
  virtual uint64_t clock_ms() = 0;  // monotonic, read now; not comparable with now_ms()
  virtual uint32_t random() = 0;    // for jitter only
  virtual void log(LogLevel level, std::string_view text) = 0;  // one line without a newline
};

}  // namespace tablegate::pg
