// Pool, third part of six: opening connections, losing them, closing those that nobody uses.
#include <algorithm>
#include <utility>

#include "pg/pool.hpp"

namespace tablegate::pg {
namespace {

constexpr uint32_t kFirstBackoffMs = 50;
constexpr uint32_t kLastBackoffMs = 2000;
constexpr uint32_t kTickMs = 1000;
// A server that is this late beyond statement_timeout is not going to answer (stopped, cable pulled).
constexpr uint64_t kStuckMs = 5000;
constexpr std::size_t kEnough = 16;  // in flight on every point lane before another one is opened (sync each)

}  // namespace

bool Pool::wants_lane(const Group& group) const {
  bool free = false;
  bool any = false;
  bool busy = true;
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    const Lane& lane = lanes_[i];
    if (!lane.connection) free = true;
    if (!is_usable(lane)) continue;
    any = true;
    if (lane.connection->in_flight() < kEnough) busy = false;
  }
  if (!free) return false;
  if (!group.retry.empty()) return true;
  const bool point = &group == &groups_[1];
  if (!point || !any) return !group.waiting.empty();
  return config_.batch ? needs_another_lane(group) : busy;
}

void Pool::ensure_connecting() {
  if (down_ || attempt_ || backing_off_) return;
  // Queries that lost their connection first, then point queries.
  Group* groups[] = {&groups_[1], &groups_[0]};
  if (groups_[1].retry.empty() && !groups_[0].retry.empty()) std::swap(groups[0], groups[1]);
  for (const Group* group : groups) {
    if (!wants_lane(*group)) continue;
    attempt_lane_ = group->first;
    while (lanes_[attempt_lane_].connection) ++attempt_lane_;
    endpoints_tried_ = 0;
    try_endpoints();
    return;
  }
}

void Pool::try_endpoints() {
  const std::size_t count = config_.dsn->endpoints().size();
  for (; endpoints_tried_ < count; ++endpoints_tried_) {
    const std::size_t endpoint = (endpoint_ + endpoints_tried_) % count;
    ConnectionConfig connection;
    connection.connect_timeout_ms = config_.connect_timeout_ms;
    connection.prepare = config_.prepare;
    connection.shared = lanes_[attempt_lane_].point;
    connection.role = config_.role;
    ConnectionOwner& self = *this;  // a private base: make_unique does not see it
    attempt_ = std::make_unique<Connection>(loop_, self, std::move(connection));
    std::string reason;
    if (attempt_->open(*config_.dsn, endpoint, reason)) return;
    endpoint_failed(reason);
  }
  round_failed(endpoint_reason_);
}

void Pool::endpoint_failed(const std::string& reason) {
  attempt_.reset();
  ++totals_.connect_failures;
  const std::vector<Endpoint>& endpoints = config_.dsn->endpoints();
  endpoint_reason_ = reason;
  loop_.log(LogLevel::error, config_.name + ": connecting to " +
                                 endpoints[(endpoint_ + endpoints_tried_) % endpoints.size()].label() +
                                 " failed: " + reason);
}

void Pool::round_failed(const std::string& reason) {
  backoff_ms_ = std::clamp(backoff_ms_ * 2, kFirstBackoffMs, kLastBackoffMs);
  backing_off_ = true;
  // Half of it at random, so that the workers do not come back all at once.
  backoff_timer_->start(backoff_ms_ / 2 + loop_.random() % (backoff_ms_ / 2 + 1));
  if (open_count() == 0) {
    fail_waiting(reason);
    return;
  }
  // Some connection works: the server is there but has no room for more. Wait for what is open.
  for (Group& group : groups_) group.waiting.prepend_again(group.retry);
  dispatch_all();
}

void Pool::backoff_over() {
  backing_off_ = false;
  ensure_connecting();
}

void Pool::fail_waiting(const std::string& message) {
  for (Group& group : groups_) {
    // A callback may submit: that fails at once while backing_off_, so the lists only shrink.
    while (Query* query = group.retry.pop_front())
      fail_query(*query, Failure::Kind::database_unavailable, "", message);
    while (Query* query = group.waiting.pop())
      fail_query(*query, Failure::Kind::database_unavailable, "", message);
  }
}

void Pool::on_opened(Connection& connection) noexcept {
  if (&connection != attempt_.get()) return;
  Lane& lane = lanes_[attempt_lane_];
  lane.connection = std::move(attempt_);
  lane.used_ms = loop_.now_ms();
  lane.batch = 0;
  lane.gathers = false;
  endpoint_ = (endpoint_ + endpoints_tried_) % config_.dsn->endpoints().size();
  backoff_ms_ = 0;
  ++totals_.connects;
  start_tick();
  Group& group = groups_[lane.point ? 1 : 0];
  // On this connection and no older one: those may be about to break as well.
  while (!group.retry.empty() && is_usable(lane) && has_room(lane, group)) {
    Query& query = *group.retry.pop_front();
    if (send(lane, query)) {
      end_batch(lane);
    } else {
      retry_on_new(query);
    }
  }
  group.waiting.prepend_again(group.retry);
  dispatch_all();
}

void Pool::on_lost(Connection& connection, const std::string& reason) noexcept {
  if (&connection == attempt_.get()) {
    endpoint_failed(reason);
    ++endpoints_tried_;
    try_endpoints();
    return;
  }
  Lane* lane = lane_of(connection);
  if (lane != nullptr) drop(*lane, reason);
}

void Pool::drop(Lane& lane, const std::string& reason) {
  ++totals_.lost;
  loop_.log(LogLevel::warn, config_.name + ": connection lost: " + reason);
  QueryList lost;
  lane.connection->take_in_flight(lost);
  lane.connection.reset();
  forget_keys(lane);
  lane.gathers = false;
  // A failing callback may abandon another of these: it then leaves the list.
  while (Query* query = lost.pop_front()) retry_on_new(*query);
  dispatch_all();
}

void Pool::on_asked_to_close(Connection& connection) noexcept {
  Lane* lane = lane_of(connection);
  if (lane == nullptr || open_count() <= 1) return;  // the last one serves requests that still arrive
  ++totals_.idle_closed;
  lane->connection.reset();
  lane->gathers = false;
  forget_keys(*lane);
}

void Pool::set_leaving() noexcept {
  leaving_ = true;
  close_idle(loop_.now_ms(), 1);
}

void Pool::close_idle(uint64_t used_until_ms, std::size_t keep) {
  std::size_t open = open_count();
  for (auto lane = lanes_.rbegin(); lane != lanes_.rend() && open > keep; ++lane) {
    if (!lane->connection || !lane->connection->idle() || lane->gathers || lane->used_ms > used_until_ms)
      continue;
    lane->connection.reset();
    ++totals_.idle_closed;
    --open;
  }
}

void Pool::start_tick() {
  tick_timer_->start(std::clamp<uint32_t>(config_.idle_timeout_ms / 2, 1, kTickMs));
}

void Pool::on_timer() noexcept {
  const uint64_t now = loop_.now_ms();
  if (now >= config_.idle_timeout_ms) close_idle(now - config_.idle_timeout_ms, leaving_ ? 1 : 0);
  for (Lane& lane : lanes_) {
    if (!lane.connection || lane.connection->overdue_ms(now) <= kStuckMs) continue;
    drop(lane, "no answer long after statement_timeout");
  }
  if (open_count() > 0) start_tick();
}

}  // namespace tablegate::pg
