// One connection: libpq connects, then the session is ours. It writes the messages of the extended
// query protocol itself and reads the answers where they came, then it is closed. Owned by a Pool, which
// decides what is sent where. It keeps the FIFO of what was sent and gives every answer to the operation
// at its head. Each batch ends with one Sync, so an error never leaves it. It reports to its owner only
// from the event loop, never from inside send(). After a loss it does nothing more: the owner takes the
// queries that were in flight and destroys it.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "pg/backend_key.hpp"
#include "pg/cancel_request.hpp"
#include "pg/inbox.hpp"
#include "pg/loop.hpp"
#include "pg/query.hpp"
#include "pg/statement_cache.hpp"
#include "pg/wire_reader.hpp"
#include "pg/wire_socket.hpp"

namespace tablegate::pg {

class Cells;
class Connection;
class Dsn;

struct QueryError {
  std::string sqlstate;
  std::string message;       // primary text only: DETAIL may hold a caller's values
  bool aborted = false;      // not its own error: one before it in the same batch failed
  bool interrupted = false;  // perhaps not its own: a cancel that was meant for one before it
};

// Who hears of a connection. All calls come from the event loop. Only in on_opened, on_lost
// and on_asked_to_close, which are the last thing a connection does, may it be destroyed.
struct ConnectionOwner {
  virtual void on_opened(Connection& connection) noexcept = 0;
  virtual void on_progress(Connection& connection) noexcept = 0;  // answers were read: room for more
  virtual void on_answer(const Query& query) noexcept = 0;        // its last on_rows follows
  // The query is no longer in flight; what happens to it is the owner's decision.
  virtual void on_error(Query& query, const QueryError& error) noexcept = 0;
  // Could not be opened, or broke. `reason` is for the log.
  virtual void on_lost(Connection& connection, const std::string& reason) noexcept = 0;
  virtual void on_asked_to_close(Connection& connection) noexcept = 0;
  // Not a report, asked within send(): another connection that the query could be sent on has prepared it.
  virtual bool is_prepared_elsewhere(const Connection& connection, const Query& query) noexcept = 0;

 protected:
  ~ConnectionOwner() = default;
};

struct ConnectionConfig {
  uint32_t connect_timeout_ms = 1000;
  bool prepare = true;
  bool shared = false;  // many queries in flight: statement_timeout is lowered only when none is
  std::string role;     // assumed after connecting; empty = the login role
};

// One statement (or Sync) whose answer is to come.
struct Operation {
  enum class Kind : uint8_t {
    setup,
    timeout,
    settings,
    prepare,
    deallocate,
    query,
    prepare_stamp,
    stamp,        // of the queries before it that are held back
    first_stamp,  // of the query behind it
    sync
  };
  Kind kind = Kind::sync;
  bool prefix_failed = false;      // prepare, first_stamp, query: what was sent for it before failed
  bool chunks = false;             // query: Delivery::chunks
  Query* query = nullptr;          // query: null once abandoned
  Statement* statement = nullptr;  // prepare, query: counted as a user
  Connection* connection = nullptr;
  uint32_t timeout_ms = 0;
};

// How the statement at the head of the FIFO has ended.
struct Answer {
  enum class Status : uint8_t {
    done,    // without rows; a prepare
    rows,    // perhaps none
    failed,  // `error`
    aborted  // one before it in the same batch failed
  };
  Status status = Status::done;
  const QueryError* error = nullptr;  // failed, aborted

  bool good() const { return status == Status::done || status == Status::rows; }
  QueryError reported() const { return error != nullptr ? *error : QueryError(); }
};

// Rows in the inbox, as places in the lists of their positions and of the types of their columns.
struct RowRange {
  std::size_t first = 0;
  std::size_t count = 0;
  std::size_t first_type = 0;
  std::size_t columns = 0;
};

// An answer that waits for the stamp of its transaction.
struct HeldAnswer {
  Operation operation;  // of a query
  RowRange rows;
};

class Connection final : private IoHandler, private TimerHandler, private CancelOwner {
 public:
  enum class State { connecting, open, closed };

  Connection(Loop& loop, ConnectionOwner& owner, ConnectionConfig config);
  ~Connection();  // takes the socket out of the loop, then closes it; in-flight queries get no callback
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Starts connecting to one endpoint. False: it failed at once (`reason` is set), no call to
  // the owner follows. Otherwise on_opened or on_lost follows.
  bool open(const Dsn& dsn, std::size_t endpoint, std::string& reason);

  State state() const { return state_; }
  bool idle() const { return state_ == State::open && operations_.empty() && !cancel_; }
  // A cancel is on its way: nothing may be sent, or it could hit that.
  bool cancelling() const { return cancel_ != nullptr; }
  // Nothing is read: the query whose rows come next is paused.
  bool paused() const { return paused_; }
  std::size_t in_flight() const { return in_flight_; }  // queries, abandoned ones included
  // A query that takes its rows in chunks is in flight: it may be paused at any time.
  bool has_chunks() const { return chunks_in_flight_ != 0; }

  bool has_prepared(const Query& query) const { return statements_.has(query.key); }
  // At least half of its places for prepared statements are taken.
  bool is_crowded() const { return statements_.is_crowded(); }
  bool has_place() const { return !statements_.is_full(); }

  // Queues one query on an open connection; nothing of it is certain to leave before end_batch().
  // False: the connection is unusable (on_lost follows from the loop), the query is not in flight.
  bool send(Query& query);
  // Ends what was queued with one Sync and flushes.
  void end_batch();

  // The query's answer will be discarded; if it is not there in a moment the statement is cancelled. Harmless
  // for a query that is not in flight.
  static void abandon(Query& query);
  // Only for Delivery::chunks. Paused: stops reading once this query's rows are next. Else: continues, from
  // the loop. Also for a query that is not in flight yet.
  static void set_paused(Query& query, bool paused);

  // Before destroying it: moves what was in flight, oldest first, to `queries`.
  void take_in_flight(QueryList& queries);

  // How long the answer that is due has been overdue (beyond its statement_timeout), in ms. 0 = it is not.
  uint64_t overdue_ms(uint64_t now_ms) const;

  // Prepared statements held; for tests.
  std::size_t statement_count() const { return statements_.size(); }

 private:
  // IoHandler, TimerHandler (connect timeout, deferred loss)
  void on_io(bool readable, bool writable) noexcept override;
  void on_close() noexcept override;
  void on_timer() noexcept override;

  // connection_open.cpp
  void poll_connect();
  void on_connect_timer();
  bool is_ready() const;
  bool wait_for(PostgresPollingStatusType status);
  bool start_session();
  void drop_watch();
  void lose(const std::string& reason);
  std::string error_text() const;

  // connection.cpp
  void send_prepared(Query& query);
  void send_unprepared(Query& query);
  void send_text(Query& query, const std::string& sql, uint32_t limit_ms);
  void send_plain(const char* sql, const char* const* values, std::size_t count);
  void send_timeout(uint32_t timeout_ms);
  void send_trace(const Query& query);
  void send_stamp();
  void send_first_stamp(Query& query, uint32_t limit_ms);
  void send_doomed();
  void push(Operation::Kind kind, Query* query, Statement* statement, uint32_t timeout_ms);
  void sync();
  bool flush();
  void update_idle();
  void expect_end();
  void break_later(const char* reason);

  // connection_results.cpp
  void continue_session(bool alive);
  bool read_input();
  void read_last_words();
  void drain_safely() noexcept;
  void drain();
  bool take_message(const Message& message);
  bool take_row(const Message& message);
  bool take_empty();
  bool take_error(const Message& message);
  bool take_ready();
  bool finish(Answer answer);
  bool finish_operation(const Operation& operation, const Answer& answer);
  void finish_prefix(const Operation& operation, const Answer& answer);
  void note_prefix_error(const Operation& operation, const Answer& answer);
  void finish_query(const Operation& operation, const Answer& answer);
  bool reject(const char* reason);

  // connection_stamp.cpp
  bool hold(const Operation& operation) noexcept;
  uint64_t stamp_in(const Answer& answer) const;
  void finish_stamp(const Answer& answer);
  void finish_first_stamp(const Operation& operation, const Answer& answer);
  void deliver_held(uint64_t stamp);

  // connection_cancel.cpp
  bool runs_abandoned() const;
  void consider_cancel();
  void cancel() noexcept;
  void on_cancel_end(CancelEnd end) noexcept override;
  void forget_cancel();

  // connection_rows.cpp
  bool has_paused_head() const;
  bool set_events();
  void update_reading();
  RowRange statement_rows() const;
  Cells cells_of(const RowRange& rows, bool chunk) const;
  void keep_row(const Message& message);
  void deliver_chunk();
  void forget_rows();
  void end_statement(bool held);
  void forget_bytes();
  void finish_rows(Query* query);

  struct CancelTimer final : TimerHandler {
    explicit CancelTimer(Connection& owner) : connection(owner) {}
    void on_timer() noexcept override { connection.cancel(); }
    Connection& connection;
  };
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };

  Loop& loop_;
  ConnectionOwner& owner_;
  ConnectionConfig config_;
  State state_ = State::connecting;
  bool broken_ = false;      // sending failed: what has arrived is still read, from on_timer
  bool lost_ = false;        // no more I/O; on_lost is due or was called
  bool in_session_ = false;  // past PQconnectPoll
  bool set_up_ = false;      // the setup's answer was good
  bool operations_in_doubt_ = false;
  bool batch_open_ = false;
  bool batch_traced_ = false;  // a trace is set until the Sync
  bool stamp_due_ = false;     // the batch has a query that waits for the stamp
  bool write_blocked_ = false;
  bool paused_ = false;
  bool failed_ = false;  // a statement has failed: the server skips what is before the next Sync
  bool is_idle_ = false;
  bool timeout_known_ = false;
  bool cancel_due_ = false;  // cancel_timer_ runs
  bool cancelled_ = false;   // a cancel may have hit what is in flight
  uint32_t timeout_ms_ = 0;  // statement_timeout in force once everything sent has run
  uint32_t cancel_wait_ms_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t chunks_in_flight_ = 0;
  uint64_t waiting_since_ms_ = 0;  // last progress while something is due
  // While connecting, by Loop::clock_ms().
  uint64_t connect_until_ms_ = 0;
  uint64_t connect_step_ms_ = 0;  // the server's last step was handled
  bool connect_reads_ = false;    // what is waited for: something to read, or room to write

  std::string lost_reason_;
  QueryError prefix_error_;  // of the last prepare, settings or first stamp that failed
  std::deque<Operation> operations_;
  std::deque<HeldAnswer> held_;
  std::string stamp_name_;    // of the prepared statement; empty: it has to be prepared
  unsigned stamp_names_ = 0;  // how many there were
  std::string outbox_;        // messages, of which sent_ bytes have left
  std::size_t sent_ = 0;
  Inbox inbox_;
  // The rows of held_, then those of the statement at the head: positions in inbox_, types of their columns.
  std::vector<uint64_t> rows_;
  std::vector<uint32_t> row_types_;
  RowRange statement_;         // where those of the statement begin
  bool described_ = false;     // its columns are known
  bool whole_ = false;         // the rest of its rows is in inbox_
  std::size_t row_bytes_ = 0;  // of its rows that were not delivered
  StatementCache statements_;
  std::vector<Oid> types_;  // scratch
  WireSocket socket_;
  const Dsn* dsn_ = nullptr;
  std::size_t endpoint_ = 0;
  CancelTimer cancel_handler_{*this};
  std::unique_ptr<Timer> cancel_timer_;
  std::unique_ptr<CancelRequest> cancel_;
  BackendKey key_;  // before connection_
  std::unique_ptr<PGconn, Finish> connection_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Watch> watch_;  // last: goes first, before PQfinish
};

}  // namespace tablegate::pg
