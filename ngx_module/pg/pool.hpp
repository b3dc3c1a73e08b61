// The connections of one worker to one service (resource group) and the
// queries that wait for them. Owned by the worker (or the loader), created after
// fork, one thread. Connections open on demand, one attempt at a time, and close when idle.
// With pipeline on, point queries share a quarter of the connections, many in flight
// on each; everything else has a connection to itself while it runs, so that a slow
// statement never waits in front of a point query. In batches, those that come in one turn of
// the event loop leave together at its end, on one connection while that is enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "pg/dsn.hpp"
#include "pg/key_batch.hpp"
#include "pg/loop.hpp"
#include "pg/pace.hpp"
#include "pg/query.hpp"
#include "pg/waiting_line.hpp"

namespace tablegate::pg {

struct PoolConfig {
  std::string name;                    // for log lines
  const Dsn* dsn = nullptr;            // outlives the pool
  unsigned connections = 8;            // at least 1
  unsigned queue = 1024;               // queries of each kind that may wait; 0 counts as 1
  uint32_t connect_timeout_ms = 1000;  // per endpoint
  bool prepare = true;                 // off: nothing outlives a transaction (pgbouncer in transaction mode)
  bool pipeline = true;                // off: one query in flight a connection
  bool batch = false;  // point queries: busy -> wait, idle -> all of this turn of the loop under one Sync
  bool fair = true;    // callers and APIs have equal shares while queries wait (see WaitingLine)
  uint32_t idle_timeout_ms = 60000;
  std::string role;  // assumed after connecting; empty = the login role
};

struct PoolStatistics {
  // Now.
  std::size_t open = 0;
  std::size_t connecting = 0;
  std::size_t busy = 0;       // connections with something in flight
  std::size_t in_flight = 0;  // includes abandoned ones whose answer is still to come
  std::size_t waiting = 0;
  bool unavailable = false;  // the last round over all endpoints failed, the next one has to wait
  // Since the pool exists.
  uint64_t connects = 0;
  uint64_t connect_failures = 0;  // one an endpoint tried
  uint64_t lost = 0;              // connections that broke
  uint64_t idle_closed = 0;
  uint64_t queries = 0;   // sent, retries included
  uint64_t together = 0;  // of them, as a part of a statement for several
  uint64_t retries = 0;
  uint64_t failures = 0;  // on_failure calls
};

class Pool final : private ConnectionOwner,
                   private TimerHandler,
                   private WaitingLine::Filter,
                   private KeyBatchOwner {
 public:
  Pool(Loop& loop, PoolConfig config);  // `loop` outlives the pool; nothing is opened yet
  ~Pool();                              // as shutdown()
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Sends the query or lets it wait. One that could not be done before its deadline fails with queue_full, at
  // once or as soon as that is known. on_failure may run before submit returns (queue full, database down):
  // touch nothing of the query after the call. on_rows never does. A query with Delivery::chunks has a
  // connection to itself, whether it is a point query or not.
  void submit(Query& query) noexcept;

  // For work of the gateway's own: submits the query when it takes nothing from callers, that is to a
  // connection that has nothing to do, or where plenty of room to wait is left. False: not now, nothing
  // happened.
  bool submit_spare(Query& query) noexcept;

  // The caller's client went away or its deadline passed: no callback will run. A query in flight is
  // cancelled in the database, and its connection takes no other query until that is done. Harmless for a
  // query that is not in the pool.
  void abandon(Query& query) noexcept;

  // For a query with Delivery::chunks: no rows are delivered and nothing is read for it before resume(). Its
  // connection takes no other work meanwhile, so statements whose results are large are sent to at most half
  // of the connections for queries of their kind (one, if there are less than four); others of them wait.
  // Allowed at any time between submit and the last callback.
  void pause(Query& query) noexcept;
  // Rows continue from the event loop, never inside the call.
  void resume(Query& query) noexcept;

  // Closes every connection; queries still in the pool are abandoned, later ones
  // fail. Not to be called (and the pool not destroyed) from a query's callback.
  void shutdown() noexcept;

  // The process is leaving gracefully: idle connections close, but one; connections still
  // open on demand until the last request.
  void set_leaving() noexcept;

  PoolStatistics statistics() const;

  // A query would fail at once: there is no connection, and the next attempt to open one has to wait.
  bool is_unavailable() const { return down_ || (backing_off_ && open_count() == 0); }

 private:
  static constexpr std::size_t kPointCap = 64;  // queries in flight on one point lane

  struct Lane {
    std::unique_ptr<Connection> connection;  // open, or null
    bool point = false;
    uint64_t used_ms = 0;  // last time that something was in flight
    uint64_t sent_ms = 0;  // when its queries were sent: the one, or the batch
    uint32_t cost_us = 0;  // expected of them; 0: not known
    uint32_t batch = 0;    // how many they are
    bool gathers = false;  // the batch is not ended: more may join it in this turn of the event loop
    QueryList keys;        // of the batch: sent when it ends
    uint64_t caller = 0;   // of the last one
    uint64_t route = 0;
    Pace::Size size = Pace::Size::small;  // of the last one's result, as far as it was known
  };
  // The last two, of callers or APIs, and when they came.
  struct Recent {
    uint64_t keys[2] = {};
    uint64_t seen_ms[2] = {};
    void note(uint64_t key, uint64_t now_ms);
    bool has_other(uint64_t key, uint64_t now_ms) const;
  };
  // The lanes of one kind and what waits for them.
  struct Group {
    explicit Group(bool fair) : waiting(fair) {}
    std::size_t first = 0;
    std::size_t count = 0;
    WaitingLine waiting;
    QueryList retry;  // lost their connection: only for one opened since (others may be dying too)
    Pace pace;
    bool standing = false;    // its queue has stood too long: it is kept short, and the newest come first
    uint64_t calm_ms = 0;     // last time that its queue was short
    uint64_t refused_ms = 0;  // last time that somebody found no room
    Recent callers;
    Recent apis;
  };

  // ConnectionOwner
  void on_opened(Connection& connection) noexcept override;
  void on_progress(Connection& connection) noexcept override;
  void on_answer(const Query& query) noexcept override;
  void on_error(Query& query, const QueryError& error) noexcept override;
  void on_lost(Connection& connection, const std::string& reason) noexcept override;
  void on_asked_to_close(Connection& connection) noexcept override;
  bool is_prepared_elsewhere(const Connection& connection, const Query& query) noexcept override;
  // TimerHandler: the tick while connections are open (idle and stuck ones)
  void on_timer() noexcept override;

  // pool.cpp
  std::size_t number_of(const Query& query) const {
    return split() && query.point && query.delivery == Delivery::whole ? 1 : 0;
  }
  Group& group_of(const Query& query) { return groups_[number_of(query)]; }
  Lane* lane_of(const Connection& connection);
  bool is_usable(const Lane& lane) const;
  bool has_room(const Lane& lane, const Group& group) const;
  Lane* pick(const Group& group, const Query* query = nullptr);
  Lane* pick_in(const Group& lanes, const Group& group, const Query* query);
  void begin(Query& query);
  bool send(Lane& lane, Query& query);
  void dispatch(Group& group);
  void dispatch_all();
  void retry_on_new(Query& query);
  bool retry_in_place(Query& query, const QueryError& error);
  void fail_query(Query& query, Failure::Kind kind, const std::string& sqlstate, const std::string& message);

  // pool_batch.cpp
  bool takes_batches(const Lane& lane, const Group& group) const;
  bool may_begin_batch(const Group& lanes, const Group& group) const;
  bool is_soon_free(const Lane& lane, uint64_t within_ms) const;
  bool needs_another_lane(const Group& group) const;
  void leave(Lane& lane, const Group& group);
  void end_batch(Lane& lane);
  void end_turn();
  void watch_lanes();
  void measure_batch(Lane& lane);

  // pool_keys.cpp
  bool gathers_keys(const Lane& lane, const Group& group, const Query& query) const;
  void send_keys(Lane& lane);
  bool send_together(Lane& lane);
  void send_alone(KeyBatch& batch);
  void leave_batch(Query& query);
  void forget_keys(Lane& lane);
  void forget_batches();
  void on_batch_end(KeyBatch& batch) noexcept override;
  void on_batch_error(KeyBatch& batch) noexcept override;

  // pool_queue.cpp
  uint32_t cost_of(const Group& group, const Query& query) const;
  bool admit(Group& group, Query& query);
  bool can_be_done(const Group& group, uint32_t cost_us, uint64_t left_ms) const;
  bool has_place(const Group& group, uint32_t cost_us, uint64_t left_ms) const;
  uint64_t busy_us(const Group& group, bool first) const;
  std::size_t usable_lanes(const Group& group) const;
  bool can_open_lane(const Group& group) const;
  Query* next_waiting(Group& group, const Lane& lane, uint64_t ahead_us);
  void watch_queue(Group& group);
  void measure_abandoned(const Query& query);
  WaitingLine::Except holds_rest(const Group& group, const Query& query) const;
  Pace::Size size_of(const Group& group, const Query& query) const;
  bool takes(const Query& query) const override;
  void refuse_later(Group& group, Query& query);

  // pool_prepared.cpp
  Lane* pick_prepared(const Group& lanes, const Group& group, Lane& first, const Query& query);
  Query& prefer_prepared(const Group& group, const Lane& lane, Query& first) const;

  // pool_connect.cpp
  bool wants_lane(const Group& group) const;
  void ensure_connecting();
  void try_endpoints();
  void endpoint_failed(const std::string& reason);
  void round_failed(const std::string& reason);
  void backoff_over();
  void fail_waiting(const std::string& message);
  void drop(Lane& lane, const std::string& reason);
  void close_idle(uint64_t used_until_ms, std::size_t keep);
  void start_tick();
  std::size_t open_count() const;
  std::size_t waiting_count() const;
  bool split() const { return groups_[1].count > 0; }

  struct BackoffTimer final : TimerHandler {
    explicit BackoffTimer(Pool& owner) : pool(owner) {}
    void on_timer() noexcept override { pool.backoff_over(); }
    Pool& pool;
  };

  struct TurnTimer final : TimerHandler {
    explicit TurnTimer(Pool& owner) : pool(owner) {}
    void on_timer() noexcept override { pool.end_turn(); }
    Pool& pool;
  };

  struct LaneTimer final : TimerHandler {
    explicit LaneTimer(Pool& owner) : pool(owner) {}
    void on_timer() noexcept override {
      pool.lanes_watched_ = false;
      pool.dispatch_all();
    }
    Pool& pool;
  };

  Loop& loop_;
  PoolConfig config_;
  std::vector<Lane> lanes_;
  Group groups_[2];    // exclusive, point
  QueryList refused_;  // found no room after all: they fail from the loop, not within a caller's submit()
  std::list<KeyBatch> busy_batches_;
  std::list<KeyBatch> idle_batches_;
  std::vector<Query*> gathered_;  // scratch
  std::unique_ptr<Connection> attempt_;
  std::size_t attempt_lane_ = 0;
  std::size_t endpoints_tried_ = 0;
  std::size_t endpoint_ = 0;  // tried first: the last good one
  std::string endpoint_reason_;
  uint32_t backoff_ms_ = 0;  // 0 = the last attempt went well
  bool backing_off_ = false;
  bool leaving_ = false;
  bool down_ = false;  // after shutdown()
  PoolStatistics totals_;
  BackoffTimer backoff_handler_;
  TurnTimer turn_handler_;
  LaneTimer lane_handler_;
  std::unique_ptr<Timer> backoff_timer_;
  std::unique_ptr<Timer> tick_timer_;
  std::unique_ptr<Timer> turn_timer_;  // the end of this turn of the event loop
  std::unique_ptr<Timer> lane_timer_;
  bool lanes_watched_ = false;  // lane_timer_ runs
};

}  // namespace tablegate::pg
