#include "ngx/loop.hpp"

#include <time.h>

namespace tablegate::ngx {

namespace {

void forget_posted(ngx_event_t* event) {
  if (event->posted) {
    ngx_delete_posted_event(event);  // a macro of several statements
  }
}

// A registration in nginx: one of worker_connections for as long as it lives.
class Watch final : public pg::Watch {
 public:
  Watch(ngx_connection_t* connection, pg::IoHandler& handler, ngx_log_t* log)
      : connection_(connection), handler_(handler) {
    connection_->data = this;
    connection_->log = log;
    connection_->read->log = log;
    connection_->write->log = log;
    connection_->read->handler = on_read;
    connection_->write->handler = on_write;
  }

  ~Watch() override {
    want(false, false);
    forget_posted(connection_->read);
    forget_posted(connection_->write);
    // Never ngx_close_connection: the descriptor is libpq's.
    ngx_free_connection(connection_);
    connection_->fd = static_cast<ngx_socket_t>(-1);
  }

  bool want(bool read, bool write) override {
    return set(connection_->read, NGX_READ_EVENT, read) && set(connection_->write, NGX_WRITE_EVENT, write);
  }

  void set_idle(bool idle) override { connection_->idle = idle ? 1 : 0; }

  void set_closed() override { closed_ = true; }

 private:
  // Never ngx_handle_read_event: it is edge-triggered, and one read does not empty a socket.
  bool set(ngx_event_t* event, ngx_int_t kind, bool wanted) const {
    if (wanted == (event->active != 0)) return true;
    if (wanted) return ngx_add_event(event, kind, NGX_LEVEL_EVENT) == NGX_OK;
    // epoll forgets a closed socket by itself.
    return ngx_del_event(event, kind, closed_ ? NGX_CLOSE_EVENT : 0) == NGX_OK;
  }

  // The handler may destroy this watch: nothing is touched after the call.
  static void on_read(ngx_event_t* event) noexcept {
    auto* connection = static_cast<ngx_connection_t*>(event->data);
    auto* watch = static_cast<Watch*>(connection->data);
    if (connection->close) {  // ngx_close_idle_connections: the worker leaves
      connection->close = 0;
      watch->handler_.on_close();
      return;
    }
    watch->handler_.on_io(true, false);
  }

  static void on_write(ngx_event_t* event) noexcept {
    auto* connection = static_cast<ngx_connection_t*>(event->data);
    static_cast<Watch*>(connection->data)->handler_.on_io(false, true);
  }

  ngx_connection_t* connection_;
  pg::IoHandler& handler_;
  bool closed_ = false;
};

class Timer final : public pg::Timer {
 public:
  Timer(pg::TimerHandler& handler, ngx_log_t* log, bool lasting) : handler_(handler) {
    connection_.fd = static_cast<ngx_socket_t>(-1);
    connection_.data = this;
    event_.data = &connection_;  // nginx's debug log reads a connection here
    event_.log = log;
    event_.handler = on_event;
    event_.cancelable = lasting ? 0 : 1;  // a leaving worker waits for those that are not
  }

  ~Timer() override { stop(); }

  void start(uint32_t ms) override {
    stop();  // ngx_add_timer leaves a set timer alone when the change is small
    if (ms != 0) return ngx_add_timer(&event_, ms);
    ngx_post_event(&event_, &ngx_posted_events);  // handled when all events of this turn are
  }

  void stop() override {
    if (event_.timer_set) ngx_del_timer(&event_);
    forget_posted(&event_);
  }

 private:
  static void on_event(ngx_event_t* event) noexcept {
    auto* connection = static_cast<ngx_connection_t*>(event->data);
    static_cast<Timer*>(connection->data)->handler_.on_timer();
  }

  pg::TimerHandler& handler_;
  ngx_connection_t connection_{};
  ngx_event_t event_{};
};

ngx_uint_t nginx_level(pg::LogLevel level) {
  switch (level) {
    case pg::LogLevel::error:
      return NGX_LOG_ERR;
    case pg::LogLevel::warn:
      return NGX_LOG_WARN;
    case pg::LogLevel::info:
      return NGX_LOG_INFO;
    case pg::LogLevel::debug:
      return NGX_LOG_DEBUG;
  }
  return NGX_LOG_ERR;
}

}  // namespace

std::unique_ptr<pg::Watch> Loop::watch(int fd, pg::IoHandler& handler) {
  ngx_connection_t* connection = ngx_get_connection(fd, log_);
  if (connection == nullptr) return nullptr;  // nginx has logged that worker_connections are not enough
  return std::make_unique<Watch>(connection, handler, log_);
}

std::unique_ptr<pg::Timer> Loop::timer(pg::TimerHandler& handler) {
  return std::make_unique<Timer>(handler, log_, false);
}

std::unique_ptr<pg::Timer> Loop::lasting_timer(pg::TimerHandler& handler) {
  return std::make_unique<Timer>(handler, log_, true);
}

uint64_t Loop::clock_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

void Loop::log(pg::LogLevel level, std::string_view text) {
  ngx_log_error(nginx_level(level), log_, 0, "tablegate: %*s", text.size(), text.data());
}

}  // namespace tablegate::ngx
