// Pool, first part of six: which query goes where, and what becomes of its answer.
#include "pg/pool.hpp"

#include <algorithm>
#include <utility>

namespace tablegate::pg {
namespace {

constexpr std::size_t kSpareRoom = 8;  // places to wait that queries of our own leave to callers

bool starts_with(const std::string& text, const char* prefix) {
  return text.rfind(prefix, 0) == 0;
}

bool means_shutdown(const std::string& sqlstate) {
  return sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03";
}

// The statement's time limit: what is left until its deadline. The whole of it while that is nearly so,
// because a session keeps its limit and another one has to be sent. The deadline of rows in chunks is only
// that of the first ones.
uint32_t limit_of(const Query& query, uint64_t now_ms) {
  if (query.deadline_ms == 0 || query.delivery == Delivery::chunks) return query.timeout_ms;
  const uint64_t left = query.deadline_ms > now_ms ? query.deadline_ms - now_ms : 1;
  return left + query.timeout_ms / 16 >= query.timeout_ms ? query.timeout_ms : static_cast<uint32_t>(left);
}

Failure::Kind kind_of(const std::string& sqlstate) {
  if (sqlstate == "57014") return Failure::Kind::query_timeout;
  if (sqlstate == "53300" || starts_with(sqlstate, "08") || means_shutdown(sqlstate)) {
    return Failure::Kind::database_unavailable;
  }
  return Failure::Kind::query_failed;
}

}  // namespace

Pool::Pool(Loop& loop, PoolConfig config)
    : loop_(loop),
      config_(std::move(config)),
      lanes_(std::max(1U, config_.connections)),
      groups_{Group(config_.fair), Group(config_.fair)},
      backoff_handler_(*this),
      turn_handler_(*this),
      lane_handler_(*this) {
  const std::size_t lanes = lanes_.size();
  const std::size_t points = config_.pipeline && lanes >= 2 ? std::max<std::size_t>(1, lanes / 4) : 0;
  for (std::size_t i = 0; i < points; ++i) lanes_[i].point = true;
  groups_[1].first = 0;
  groups_[1].count = points;
  groups_[0].first = points;
  groups_[0].count = lanes - points;
  backoff_timer_ = loop_.timer(backoff_handler_);
  tick_timer_ = loop_.timer(*this);
  turn_timer_ = loop_.timer(turn_handler_);
  lane_timer_ = loop_.timer(lane_handler_);
}

Pool::~Pool() {
  shutdown();
}

void Pool::begin(Query& query) {
  query.submitted_ms = loop_.now_ms();
  query.sent_ms = query.stamp = 0;
  query.paused_ = query.delivered_ = query.held_ = false;
  query.passed_ = 0;
  query.alone_ = false;
  query.lost_once_ = query.replanned_ = query.conflicted_ = query.interrupted_ = query.isolated_ = false;
}

bool Pool::submit_spare(Query& query) noexcept {
  if (is_unavailable()) return false;
  for (Lane& lane : lanes_) {
    if (!is_usable(lane) || !lane.connection->idle()) continue;
    begin(query);
    if (!send(lane, query)) return false;  // that connection broke: on_lost follows
    lane.connection->end_batch();
    return true;
  }
  // Without a connection there is nobody yet to take a place from.
  const bool cold = open_count() == 0 && !attempt_ && waiting_count() == 0;
  if (!cold && waiting_count() + kSpareRoom > config_.queue) return false;
  submit(query);
  return true;
}

void Pool::submit(Query& query) noexcept {
  begin(query);
  if (down_) {
    fail_query(query, Failure::Kind::database_unavailable, "", "the pool is closed");
    return;
  }
  Group& group = group_of(query);
  if (query.deadline_ms != 0) {  // else it is the gateway's own
    group.callers.note(query.caller, query.submitted_ms);
    group.apis.note(query.key.route, query.submitted_ms);
  }
  if (group.waiting.empty() && takes(query) && holds_rest(group, query) == WaitingLine::Except::nobody) {
    Lane* lane = pick(group, &query);
    if (lane != nullptr && send(*lane, query)) {
      leave(*lane, group);
      if (wants_lane(group)) ensure_connecting();
      return;
    }
  }
  if (backing_off_ && open_count() == 0) {
    fail_query(query, Failure::Kind::database_unavailable, "", endpoint_reason_);
    return;
  }
  bool waits = false;
  try {
    waits = admit(group, query);
  } catch (...) {  // no memory
  }
  if (!waits) return fail_query(query, Failure::Kind::queue_full, "", "too many queries are waiting");
  // A connection that was kept free for it.
  if (pick(group) != nullptr) turn_timer_->start(0);
  watch_lanes();
  ensure_connecting();
}

void Pool::abandon(Query& query) noexcept {
  if (query.batch_ != nullptr) {
    leave_batch(query);
  } else if (query.line_ != nullptr) {
    query.line_->remove(query);
  } else if (query.list_ != nullptr) {
    query.list_->remove(query);
  } else if (query.operation_ != nullptr) {
    measure_abandoned(query);
    Connection::abandon(query);
  }
}

void Pool::pause(Query& query) noexcept {
  query.held_ = true;
  group_of(query).pace.add_held(query.key, loop_.now_ms());
  Connection::set_paused(query, true);
}

void Pool::resume(Query& query) noexcept {
  Connection::set_paused(query, false);
}

Pool::Lane* Pool::lane_of(const Connection& connection) {
  for (Lane& lane : lanes_) {
    if (lane.connection.get() == &connection) return &lane;
  }
  return nullptr;
}

bool Pool::is_usable(const Lane& lane) const {
  return lane.connection != nullptr && lane.connection->state() == Connection::State::open;
}

// The one place that decides when a query may join others on a connection. Sync each: at once, up
// to the cap. Batch: only in the turn of the event loop in which the connection was idle.
bool Pool::has_room(const Lane& lane, const Group& group) const {
  if (lane.gathers) return &group == &groups_[1];  // ended when it is full
  if (lane.connection->idle()) return true;
  if (lane.connection->has_chunks() || lane.connection->cancelling()) return false;
  return lane.point && &group == &groups_[1] && !config_.batch && lane.connection->in_flight() < kPointCap;
}

Pool::Lane* Pool::pick(const Group& group, const Query* query) {
  Lane* lane = pick_in(group, group, query);
  if (lane != nullptr || !backing_off_) return lane;
  // No connection can be opened now: rather than fail, take one of the other kind while it
  // is idle, if this kind has none at all.
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    if (is_usable(lanes_[i])) return nullptr;
  }
  return pick_in(groups_[&group == &groups_[0] ? 1 : 0], group, query);
}

// For `query`, or for any (null).
Pool::Lane* Pool::pick_in(const Group& lanes, const Group& group, const Query* query) {
  Lane* best = nullptr;
  const bool may_begin = may_begin_batch(lanes, group);
  for (std::size_t i = lanes.first; i < lanes.first + lanes.count; ++i) {
    Lane& lane = lanes_[i];
    if (!is_usable(lane) || !has_room(lane, group)) continue;
    if (lane.gathers) {
      best = &lane;
      break;
    }
    if (!may_begin) continue;
    // The first of equals: the last ones get idle and close.
    if (best == nullptr || lane.connection->in_flight() < best->connection->in_flight()) best = &lane;
  }
  if (best == nullptr || query == nullptr || !best->connection->is_crowded()) return best;
  return pick_prepared(lanes, group, *best, *query);
}

// False: the connection broke and the query waits in the group's retry list, or failed.
bool Pool::send(Lane& lane, Query& query) {
  const uint64_t now = loop_.now_ms();
  query.limit_ms_ = limit_of(query, now);
  if (gathers_keys(lane, group_of(query), query)) {
    lane.keys.push_back(query);
  } else if (!lane.connection->send(query)) {
    return false;
  }
  query.sent_ms = now;
  lane.used_ms = now;
  if (lane.batch++ == 0) {
    lane.sent_ms = now;
    lane.cost_us = 0;
  }
  lane.cost_us += cost_of(group_of(query), query);
  lane.caller = query.caller;
  lane.route = query.key.route;
  lane.size = size_of(group_of(query), query);
  ++totals_.queries;
  return true;
}

void Pool::dispatch(Group& group) {
  bool none = false;
  while (!none && !group.waiting.empty()) {
    Lane* lane = pick(group);
    if (lane == nullptr) break;
    const bool many = takes_batches(*lane, group);
    bool any = false;
    bool alone = false;
    do {
      const bool joins = any || lane->gathers;
      Query* query = next_waiting(group, *lane, joins ? lane->cost_us : 0);
      none = query == nullptr;
      if (none) break;
      alone = query->isolated_;
      if (alone && joins) break;
      group.waiting.take(*query);
      any = true;
      if (!send(*lane, *query)) {
        retry_on_new(*query);
        break;
      }
    } while (many && !alone && lane->batch < kPointCap);
    if (any) watch_queue(group);
    if (alone) {
      end_batch(*lane);
    } else if (any) {
      leave(*lane, group);
    }
  }
  if (&group == &groups_[1]) watch_lanes();
}

void Pool::dispatch_all() {
  dispatch(groups_[1]);
  dispatch(groups_[0]);
  ensure_connecting();  // for what is still waiting
}

void Pool::on_progress(Connection& connection) noexcept {
  Lane* lane = lane_of(connection);
  if (lane != nullptr) {
    lane->used_ms = loop_.now_ms();
    if (connection.idle()) measure_batch(*lane);
  }
  dispatch_all();
}

// Our queries only read: once more is safe as long as nothing of the answer was seen; a second loss is
// enough.
void Pool::retry_on_new(Query& query) {
  if (query.is_batch_) {
    QueryList members;
    static_cast<KeyBatch&>(query).take_members(members);
    on_batch_end(static_cast<KeyBatch&>(query));
    while (Query* member = members.pop_front()) retry_on_new(*member);
    return;
  }
  if (query.delivered_) {
    fail_query(query, Failure::Kind::database_unavailable, "", "the connection was lost after some rows");
    return;
  }
  if (query.lost_once_) {
    fail_query(query, Failure::Kind::database_unavailable, "", "the connection was lost twice");
    return;
  }
  query.lost_once_ = true;
  ++totals_.retries;
  group_of(query).retry.push_back(query);
}

bool Pool::retry_in_place(Query& query, const QueryError& error) {
  if (query.delivered_) return false;
  bool* once = nullptr;
  if (error.aborted) {
    once = &query.isolated_;
  } else if (error.interrupted) {
    once = &query.interrupted_;
  } else if (error.sqlstate == "26000" || error.sqlstate == "0A000") {
    if (config_.prepare) once = &query.replanned_;
  } else if (error.sqlstate == "40001") {
    once = &query.conflicted_;
  } else if (means_shutdown(error.sqlstate)) {
    once = &query.lost_once_;  // but the connection lives (a pooler's error)
  }
  if (once == nullptr || *once) return false;
  *once = true;
  ++totals_.retries;
  group_of(query).waiting.push_again(query);  // on_progress follows and sends it
  return true;
}

void Pool::on_error(Query& query, const QueryError& error) noexcept {
  if (query.is_batch_) return send_alone(static_cast<KeyBatch&>(query));
  if (retry_in_place(query, error)) return;
  fail_query(query, kind_of(error.sqlstate), error.sqlstate, error.message);
}

void Pool::fail_query(Query& query, Failure::Kind kind, const std::string& sqlstate,
                      const std::string& message) {
  ++totals_.failures;
  const Failure failure{kind, sqlstate, message, query.delivered_};
  // What came from the database is news; that it is down was logged once when it was found.
  if (!sqlstate.empty() && !query.expects(sqlstate))
    loop_.log(LogLevel::error, config_.name + ": query failed: " + sqlstate + " " + message);
  query.on_failure(failure);
}

void Pool::shutdown() noexcept {
  down_ = true;
  backoff_timer_->stop();
  tick_timer_->stop();
  for (Group& group : groups_) {
    while (group.waiting.pop() != nullptr) continue;
    while (group.retry.pop_front() != nullptr) continue;
  }
  while (refused_.pop_front() != nullptr) continue;
  turn_timer_->stop();
  lane_timer_->stop();
  attempt_.reset();
  for (Lane& lane : lanes_) {
    while (lane.keys.pop_front() != nullptr) continue;
    lane.connection.reset();
    lane.gathers = false;
  }
  forget_batches();
}

std::size_t Pool::open_count() const {
  std::size_t count = 0;
  for (const Lane& lane : lanes_) count += is_usable(lane) ? 1 : 0;
  return count;
}

std::size_t Pool::waiting_count() const {
  return groups_[0].waiting.size() + groups_[1].waiting.size();
}

PoolStatistics Pool::statistics() const {
  PoolStatistics now = totals_;
  now.open = open_count();
  now.connecting = attempt_ ? 1 : 0;
  for (const Lane& lane : lanes_) {
    const std::size_t in_flight = (lane.connection ? lane.connection->in_flight() : 0) + lane.keys.size();
    now.in_flight += in_flight;
    now.busy += in_flight != 0 ? 1 : 0;
  }
  for (const Group& group : groups_) now.waiting += group.waiting.size() + group.retry.size();
  now.unavailable = backoff_ms_ != 0 && now.open == 0;
  return now;
}

}  // namespace tablegate::pg
