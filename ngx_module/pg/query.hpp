// What a caller submits to a Pool: one read-only statement with bound text
// values. The caller owns it and everything it points to, unchanged, from
// Pool::submit until its last callback starts or Pool::abandon returned. Each submit ends
// with exactly one last callback: on_rows with `last`, or on_failure. There the query
// is out of the pool already: it may be destroyed or submitted again. Before that it
// is destroyed only after Pool::abandon. The pool allocates nothing for a query.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/mix.hpp"
#include "core/plan/path.hpp"

namespace tablegate::pg {

// Names one SQL text within a pool: equal keys must mean equal sql() and types.
struct StatementKey {
  uint64_t route = 0;  // which API (or page part) of the manifest
  core::Path path;     // through the program of that API; what it points to lives as long as the query
  uint64_t epoch = 0;  // the text changed since: another number for each change

  bool operator==(const StatementKey& other) const {
    return route == other.route && epoch == other.epoch && path == other.path;
  }
};

// Of the whole key.
inline uint64_t hash_of(const StatementKey& key) {
  const uint64_t hash = (key.route * 0x9E3779B97F4A7C15U) ^ (key.path.bits * 0xC2B2AE3D27D4EB4FU) ^
                        (key.epoch * 0x165667B19E3779F9U);
  return key.path.more.empty() ? hash : core::mix(key.path.more, hash);
}

class Cells;
class WaitingLine;

// How the rows of a query arrive.
enum class Delivery : uint8_t {
  whole,   // on_rows runs once, with all rows
  chunks,  // on_rows runs as rows arrive; the query has a connection to itself (see Pool)
};

struct Failure {
  enum class Kind {
    query_failed,          // the database refused the statement
    query_timeout,         // SQLSTATE 57014: cancelled or statement_timeout
    database_unavailable,  // no connection, or lost twice
    queue_full,            // too many queries wait already, or it could not be done before its deadline
  };
  Kind kind = Kind::query_failed;
  std::string sqlstate;  // may be empty
  std::string
      message;  // the database's, libpq's or the socket's text, for the error log only (already logged)
  bool after_rows = false;  // on_rows ran before: what was delivered is not the whole result
};

class Query {
 public:
  Query() = default;
  virtual ~Query() = default;
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Set by the caller before submit().
  StatementKey key;
  int parameter_count = 0;
  const char* const* values = nullptr;  // parameter_count texts, NUL-terminated; null = SQL NULL
  uint32_t timeout_ms = 0;              // statement_timeout; 0 = no limit
  uint64_t deadline_ms = 0;  // Loop::now_ms at which nobody waits for the first rows any more; 0 = none
  uint64_t caller = 0;       // whose share of the connections it takes; 0 = of no caller
  bool point = false;        // short and indexed: may share a pipelined connection
  Delivery delivery = Delivery::whole;
  const char* trace = nullptr;  // application_name while it runs (one more statement); null: the connection's
  // The stamp of the mirror is read in the transaction of the query, once for all queries of a batch. The
  // relations of mirrored tables that sql() reads cannot be replaced from before their first row until then.
  bool stamped = false;
  // A point query that may be sent together with others of an equal key, as keys_sql().
  bool by_keys = false;

  // Set by the pool (Loop::now_ms): sent_ms - submitted_ms is the time in the queue. sent_ms is 0
  // until it was sent and that of the last attempt when it was sent again.
  uint64_t submitted_ms = 0;
  uint64_t sent_ms = 0;
  // Set by the pool before on_rows runs: the stamp of mirror.tablegate_tables; 0: not known.
  uint64_t stamp = 0;

  // Called only when the statement is prepared on a connection (or always, with prepare off).
  virtual std::string sql() const = 0;
  virtual void parameter_types(std::vector<Oid>& types) const = 0;  // parameter_count types, appended

  // Of a `by_keys` query: a statement whose parameters are arrays, each with one value of each query. Its
  // rows are those of sql() with one more column, the place of the query in the arrays, from 1; at most one
  // row each.
  virtual std::string keys_sql() const { return {}; }
  virtual void keys_types(std::vector<Oid>& types) const { (void)types; }  // of the arrays, appended

  // Of a `stamped` query with Delivery::chunks: a statement without parameters that locks the relations that
  // sql() reads and gives the stamp. It runs before sql(), so that the stamp is known with the first rows.
  // Empty: the query has no stamp.
  virtual std::string stamp_sql() const { return {}; }

  // The next rows, in order; valid only during the call. `last`: the result is complete (a last chunk may
  // have no rows). Not `last`: the query is still in flight; Pool::pause and Pool::abandon are allowed.
  virtual void on_rows(const Cells& cells, bool last) noexcept = 0;
  virtual void on_failure(const Failure& failure) noexcept = 0;
  // Whether the caller has an answer to this error of the database's: then it is not logged.
  virtual bool expects(const std::string& sqlstate) const noexcept {
    (void)sqlstate;
    return false;
  }

 private:
  friend class Connection;
  friend class KeyBatch;
  friend class Pool;
  friend class QueryList;
  friend class WaitingLine;

  Query* previous_ = nullptr;
  Query* next_ = nullptr;
  class QueryList* list_ = nullptr;        // waiting there, or null
  WaitingLine* line_ = nullptr;            // list_ is one of its
  uint32_t cost_us_ = 0;                   // expected when it began to wait; 0: not known
  uint32_t limit_ms_ = 0;                  // statement_timeout of what is sent now
  struct Operation* operation_ = nullptr;  // in flight there, or null
  class KeyBatch* batch_ = nullptr;        // in flight as a part of it, or null
  bool is_batch_ = false;                  // it is a KeyBatch
  bool alone_ = false;                     // not to be sent with others again: their statement failed
  uint8_t passed_ = 0;                     // how many others went before it because they were prepared
  bool paused_ = false;                    // no rows are to be read before Pool::resume
  bool delivered_ = false;                 // on_rows ran: the query must not be sent again
  bool held_ = false;                      // was paused: its connection waited for whoever takes the rows
  bool lost_once_ = false;                 // sent again after a lost connection
  bool replanned_ = false;                 // sent again after 26000 or 0A000
  bool conflicted_ = false;                // sent again after 40001
  bool interrupted_ = false;               // sent again after a cancel that was meant for another one
  bool isolated_ = false;                  // a neighbour's error aborted it: next time with a Sync of its own
};

// Intrusive FIFO of queries that wait. Never owns them.
class QueryList {
 public:
  QueryList() = default;
  QueryList(const QueryList&) = delete;
  QueryList& operator=(const QueryList&) = delete;

  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  Query* front() const { return first_; }
  Query* back() const { return last_; }
  void push_back(Query& query);
  void push_front(Query& query);
  void remove(Query& query);
  Query* pop_front();              // null when empty
  void prepend(QueryList& other);  // moves all of `other` before our first, in order

 private:
  Query* first_ = nullptr;
  Query* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tablegate::pg
