// One query on its way to PostgreSQL and back: its statement and bound values,
// the requests that wait for it, and the second try where a table has moved. It
// belongs to the worker, not to a request: it ends when its last waiter has its
// answer or has left. Flights are used again; their memory is not given back. Equal
// requests may wait for one flight (flight_join.cpp says when).
#pragma once

#include <array>
#include <list>
#include <memory>

#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/manifest/manifest.hpp"
#include "core/plan/program.hpp"
#include "core/random_bytes.hpp"
#include "ngx/ngx.hpp"
#include "pg/cells.hpp"
#include "pg/query.hpp"

namespace tablegate::ngx {

class Flight;
class Generations;
class Worker;

// One request that waits for a flight, with a deadline of its own, which a second flight for it continues. It
// gets exactly one last call of each flight, or none once leave() was called.
class Waiter {
 public:
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // The next rows, in order; valid only during the call. `last`: there are no more of them; always so, unless
  // the flight was started with Delivery::chunks. `modified`: the newest change in the tables that were read,
  // or an older time; seconds since 1970; INT64_MIN: not known. Before the last rows the waiter may pause()
  // or leave().
  virtual void on_rows(const pg::Cells& cells, int64_t modified, bool last) noexcept = 0;
  // The connection was lost after some rows: true where they can be forgotten. Then all rows come once more.
  virtual bool starts_again() noexcept = 0;
  // The query failed, or the deadline has passed (query_timeout). `reason`: for the log, a literal; may be
  // empty.
  virtual void on_failure(core::Slug slug, std::string_view reason) noexcept = 0;

  // No call will come. Harmless without a flight.
  void leave() noexcept;

  // Between the first rows and the last ones: no rows come, and the connection waits, until resume().
  void pause() noexcept;
  void resume() noexcept;
  // Its client gets the first rows: the deadline becomes that of all rows, `stream_timeout_ms` of the API.
  void begin_stream() noexcept;

  // Times of the loop's clock in ms, 0: not yet. In the queue from `submitted` to `sent`, at the database
  // from then to `ended`.
  struct Times {
    uint64_t submitted = 0;
    uint64_t sent = 0;
    uint64_t ended = 0;
  };
  Times times() const;
  // What the rows of the last on_rows() were read from, by core::TableGenerations::identity(); 0: not known.
  uint64_t generations() const { return generations_; }

 protected:
  Waiter() = default;
  ~Waiter() = default;

 private:
  friend class Flight;

  // Not cancelable: a leaving worker stays until every request has its answer.
  struct Deadline {
    ngx_event_t event;
    Waiter* waiter;
  };
  static void on_deadline(ngx_event_t* event) noexcept;
  void start_deadline(ngx_connection_t* connection, ngx_msec_t timeout);
  Times times_in(const Flight& flight, uint64_t ended) const;
  void stop();

  Flight* flight_ = nullptr;
  Waiter* previous_ = nullptr;
  Waiter* next_ = nullptr;
  Deadline deadline_{};
  ngx_msec_t ends_ = 0;  // of the loop's clock: when the deadline passes; 0: it has not started
  Times times_;
  uint64_t came_ms_ = 0;  // of the loop's clock: when it began to wait for flight_
  uint64_t generations_ = 0;
};

class Flight final : public pg::Query {
 public:
  explicit Flight(Worker& worker) : worker_(worker) {}
  ~Flight() override;

  // Where the values of start() have to be: they live as long as the flight.
  core::Arena& arena() { return arena_; }
  // What the call gives for the API's parameters, in arena(): a statement that fails is logged with the names
  // of those that are present.
  void give(const core::BoundValues& bound) { given_ = bound.values; }

  // The text is copied; it is in pg_stat_activity and PostgreSQL's log while the query runs.
  void set_trace(std::string_view id);

  // Rows of it are on their way to a client.
  bool is_delivering() const { return state_ == State::delivering; }
  const core::Api& api() const { return *api_; }
  Generations* generations() const;  // null: it is not known which tables it reads
  // Ends it before its last row. The flight is over when this returns.
  void cut(std::string_view reason) noexcept;

  // The tables' generations were read once more (good), or could not be (Generations::reread).
  void on_reread(bool good) noexcept;

 private:
  friend class Flights;
  friend class JoinableFlights;
  friend class Waiter;

  enum class State : uint8_t {
    idle,           // no query yet
    running,        // in the pool, or waiting for a read of generations
    running_again,  // a table was not where it was expected, and generations were read once more
    delivering,     // its waiter has got some rows
    done,           // its waiters get their answers
  };

  std::string sql() const override;
  void parameter_types(std::vector<Oid>& types) const override;
  std::string stamp_sql() const override;
  std::string keys_sql() const override;
  void keys_types(std::vector<Oid>& types) const override;
  void on_rows(const pg::Cells& cells, bool last) noexcept override;
  void on_failure(const pg::Failure& failure) noexcept override;
  bool expects(const std::string& sqlstate) const noexcept override;

  void set_statement(const core::Walk& walk);
  uint64_t note_generations();
  void start(const core::Walk& walk);
  void submit();
  void fail(core::Slug slug);
  void log_path(const std::string& sqlstate) const noexcept;
  void add(Waiter& waiter, ngx_connection_t* connection);
  void link(Waiter& waiter);
  void remove(Waiter& waiter);
  void leave(Waiter& waiter);
  Waiter* take_waiter();
  void give_back();

  // flight_join.cpp
  bool may_share() const;
  bool has_same_statement(const Flight& other) const;
  bool may_be_joined_by(const Flight& other) const;
  bool join_another();
  void move_waiters(Flight& from, uint64_t later_than_ms);
  bool continues_for_others(const pg::Failure& failure);

  Worker& worker_;
  const core::Api* api_ = nullptr;
  State state_ = State::idle;
  Waiter* waiters_ = nullptr;
  int64_t modified_ = INT64_MIN;
  const char* const* given_ = nullptr;
  bool restarted_ = false;  // after a connection was lost between rows
  std::string missing_;     // what the database said of a table that is not where it was expected
  std::list<Flight>::iterator place_;
  core::ReusableArena arena_;
  // Of JoinableFlights.
  bool listed_ = false;
  uint64_t hash_ = 0;
  Flight* next_listed_ = nullptr;
  uint64_t known_stamp_ = 0;  // of the generations that were known when it was submitted
};

// The flights that others may join, by what they ask for. Chains are short whatever callers send: a flight
// that finds its chain full is not listed. Owns none of them.
class JoinableFlights {
 public:
  explicit JoinableFlights(core::RandomBytes& random);

  // One that `flight` may join, or null; then `flight` is listed, if there is room.
  Flight* find_or_add(Flight& flight);
  // Harmless for a flight that is not listed.
  void remove(Flight& flight) {
    if (flight.listed_) unlist(flight);
  }

 private:
  static constexpr size_t kChains = 1024;
  static constexpr size_t kMostInChain = 16;

  uint64_t hash_of(const Flight& flight) const;
  void unlist(Flight& flight);

  uint64_t seed_ = 0;  // random: callers cannot choose values whose chain is the same
  std::array<Flight*, kChains> chains_{};
};

// The flights of one worker.
class Flights {
 public:
  explicit Flights(Worker& worker);

  struct GiveBack {
    void operator()(Flight* flight) const { flight->give_back(); }
  };
  using Pointer = std::unique_ptr<Flight, GiveBack>;

  // An idle flight for the API. Bind and walk in its arena, then start it; or drop it.
  Pointer take(const core::Api& api);
  // How a flight is started.
  struct Start {
    uint64_t caller;  // pg::Query's
    pg::Delivery delivery;
    ngx_connection_t* connection;  // the request's
  };
  // `waiter` may have its answer before the call returns. Its deadline runs from now.
  static void start(Pointer flight, const core::Walk& walk, const Start& how, Waiter& waiter);

  // The first one that `matches`, or null. It has been started and is not over.
  template <typename Matches>
  Flight* find(Matches matches) {
    for (Flight& flight : busy_) {
      if (matches(flight)) return &flight;
    }
    return nullptr;
  }

 private:
  friend class Flight;

  Worker& worker_;
  JoinableFlights joinable_;
  std::list<Flight> busy_;
  std::list<Flight> idle_;
};

}  // namespace tablegate::ngx
