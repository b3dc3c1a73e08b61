// Connection, second part of six: what is sent. Every operation that libpq accepts is pushed to the FIFO
// in the same order; when that fails half-way the connection is given up.
#include "pg/connection.hpp"

#include <algorithm>

#include "pg/session.hpp"

namespace tablegate::pg {
namespace {

// How long a Sync, a DEALLOCATE or a setting may take; they wait for no lock.
constexpr uint32_t kShortMs = 10000;

}  // namespace

bool Connection::send(Query& query) {
  if (lost_ || state_ != State::open) return false;
  bool sent = false;
  try {
    sent = config_.prepare ? send_prepared(query) : send_unprepared(query);
  } catch (...) {
    // The FIFO may lack what libpq has queued: its answers cannot be told apart any more.
    operations_in_doubt_ = true;
  }
  if (!sent) break_later("sending a query failed");
  return sent;
}

bool Connection::send_prepared(Query& query) {
  // Many share it: what is left of each would have to be set before each of them.
  const uint32_t limit = config_.shared || query.limit_ms_ == 0 ? query.timeout_ms : query.limit_ms_;
  if (!send_timeout(limit) || !send_trace(query)) return false;
  Statement* statement = statements_.find(query.key);
  if (statement == nullptr) {
    const std::string sql = query.sql();
    statement = statements_.add(query.key, owner_.is_prepared_elsewhere(*this, query), sql.size());
    if (statement == nullptr) return send_text(query, sql, limit);
    types_.clear();
    // Declared: PostgreSQL would otherwise guess numeric for a bigint column and not use its index.
    query.parameter_types(types_);
    if (PQsendPrepare(connection_.get(), statement->name.c_str(), sql.c_str(),
                      static_cast<int>(types_.size()), types_.data()) != 1) {
      return false;
    }
    push(Operation::Kind::prepare, nullptr, statement, limit);
  }
  if (!send_first_stamp(query, limit)) return false;
  if (PQsendQueryPrepared(connection_.get(), statement->name.c_str(), query.parameter_count, query.values,
                          nullptr, nullptr, 0) != 1) {
    return false;
  }
  batch_open_ = true;
  return push(Operation::Kind::query, &query, statement, limit);
}

// With the unnamed statement, which is parsed each time.
bool Connection::send_text(Query& query, const std::string& sql, uint32_t limit_ms) {
  types_.clear();
  query.parameter_types(types_);
  if (!send_first_stamp(query, limit_ms)) return false;
  if (PQsendQueryParams(connection_.get(), sql.c_str(), query.parameter_count, types_.data(), query.values,
                        nullptr, nullptr, 0) != 1) {
    return false;
  }
  batch_open_ = true;
  return push(Operation::Kind::query, &query, nullptr, limit_ms);
}

bool Connection::send_unprepared(Query& query) {
  const uint32_t limit = query.limit_ms_ == 0 ? query.timeout_ms : query.limit_ms_;
  const std::string timeout = std::to_string(limit);
  const char* const settings[] = {timeout.c_str(), config_.role.c_str()};
  const bool role = !config_.role.empty();
  if (PQsendQueryParams(connection_.get(), role ? kTransactionSettingsWithRole : kTransactionSettings,
                        role ? 2 : 1, nullptr, settings, nullptr, nullptr, 0) != 1) {
    return false;
  }
  push(Operation::Kind::settings, nullptr, nullptr, limit);
  return send_trace(query) && send_text(query, query.sql(), limit);
}

// Under a Sync of its own, because a query's error would roll the setting back.
bool Connection::send_timeout(uint32_t timeout_ms) {
  if (timeout_known_) {
    if (timeout_ms == timeout_ms_) return true;
    // Raised only while others are on their way, or two APIs would make us set it for each query of
    // a batch in turn; lowered before the first one, or a statement would stand in front of the next
    // batch long after its request had its 504. 0 = no limit.
    const bool enough = timeout_ms_ == 0 || (timeout_ms != 0 && timeout_ms < timeout_ms_);
    if (config_.shared && enough && !idle()) return true;
  }
  if (batch_open_ && !sync()) return false;
  const std::string text = std::to_string(timeout_ms);
  const char* const value = text.c_str();
  if (PQsendQueryParams(connection_.get(), kSetTimeout, 1, nullptr, &value, nullptr, nullptr, 0) != 1)
    return false;
  timeout_known_ = true;
  timeout_ms_ = timeout_ms;
  return push(Operation::Kind::timeout, nullptr, nullptr, kShortMs) && sync();
}

// It counts until the Sync: then nothing else may be under that Sync.
bool Connection::send_trace(const Query& query) {
  if (batch_open_ && (batch_traced_ || query.trace != nullptr) && !sync()) return false;
  if (query.trace == nullptr) return true;
  if (PQsendQueryParams(connection_.get(), kSetTrace, 1, nullptr, &query.trace, nullptr, nullptr, 0) != 1)
    return false;
  batch_traced_ = true;
  return push(Operation::Kind::settings, nullptr, nullptr, kShortMs);
}

bool Connection::send_doomed() {
  for (std::string name = statements_.take_doomed(); !name.empty(); name = statements_.take_doomed()) {
    // The name is ours (tg_N): nothing to quote. libpq 15 has no PQclosePrepared.
    const std::string sql = "deallocate " + name;
    if (PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) != 1)
      return false;
    if (!push(Operation::Kind::deallocate, nullptr, nullptr, kShortMs) || !sync()) return false;
  }
  return true;
}

bool Connection::push(Operation::Kind kind, Query* query, Statement* statement, uint32_t timeout_ms) {
  if (operations_.empty()) {
    waiting_since_ms_ = loop_.now_ms();
    unread_ = true;
  }
  operations_.emplace_back();
  Operation& operation = operations_.back();  // a deque: the address stays until it is popped
  operation.kind = kind;
  operation.query = query;
  operation.statement = statement;
  operation.timeout_ms = timeout_ms;
  operation.connection = this;
  if (statement != nullptr) statements_.use(*statement);
  if (query != nullptr) {
    query->operation_ = &operation;
    query->stamp = 0;
    operation.chunks = query->delivery == Delivery::chunks;
    chunks_in_flight_ += operation.chunks ? 1 : 0;
    if (operation.chunks) whole_ = false;
    stamp_due_ = stamp_due_ || (query->stamped && !operation.chunks);
    ++in_flight_;
  }
  return true;
}

bool Connection::sync() {
  if (stamp_due_ && !send_stamp()) return false;
  batch_open_ = batch_traced_ = false;
  return PQpipelineSync(connection_.get()) == 1 && push(Operation::Kind::sync, nullptr, nullptr, kShortMs);
}

void Connection::end_batch() {
  if (lost_ || state_ != State::open || !batch_open_) return;
  bool sent = false;
  try {
    sent = sync() && send_doomed() && flush();
  } catch (...) {
    // The FIFO may lack what libpq has queued: its answers cannot be told apart any more.
    operations_in_doubt_ = true;
  }
  if (!sent) {
    break_later("sending a query failed");
  } else {
    update_idle();
  }
}

bool Connection::flush() {
  const int left = PQflush(connection_.get());
  if (left < 0 || !watch_) return false;
  const bool write = left == 1;
  if (write == wants_write_) return true;
  wants_write_ = write;
  return set_events();
}

void Connection::update_idle() {
  const bool idle_now = idle();
  if (idle_now == is_idle_ || !watch_) return;
  is_idle_ = idle_now;
  watch_->set_idle(idle_now);
}

// The owner is in the middle of something when it calls send(): it hears of the loss from the loop.
void Connection::break_later(const char* reason) {
  if (lost_ || broken_) return;
  if (lost_reason_.empty()) lost_reason_ = std::string(reason) + ": " + error_text();
  broken_ = true;
  state_ = State::closed;
  drop_watch();
  forget_cancel();
  timer_->start(0);
}

void Connection::abandon(Query& query) {
  if (query.operation_ == nullptr) return;
  Connection& connection = *query.operation_->connection;
  if (query.operation_->chunks) connection.expect_end();
  query.operation_->query = nullptr;
  query.operation_ = nullptr;
  if (connection.paused_) connection.update_reading();
  connection.consider_cancel();
}

// Nobody waits for the rows of the query any more: from now on a server that does not end it is late, however
// long the statement might have run.
void Connection::expect_end() {
  const uint64_t waited = paused_ ? 0 : loop_.now_ms() - waiting_since_ms_;
  for (Operation& operation : operations_) {
    if (operation.timeout_ms > waited) operation.timeout_ms = static_cast<uint32_t>(waited) + 1;
  }
}

void Connection::take_in_flight(QueryList& queries) {
  for (HeldAnswer& held : held_) {
    Query* query = held.operation.query;
    if (query == nullptr) continue;
    abandon(*query);
    queries.push_back(*query);
  }
  for (Operation& operation : operations_) {
    Query* query = operation.query;
    if (query == nullptr) continue;
    abandon(*query);
    queries.push_back(*query);
  }
}

uint64_t Connection::overdue_ms(uint64_t now_ms) const {
  if (state_ != State::open || operations_.empty() || paused_) return 0;
  uint64_t limit = operations_.front().timeout_ms;
  if (limit == 0) return 0;
  if (config_.shared && config_.prepare) {  // only there another query may have raised statement_timeout
    if (timeout_ms_ == 0) return 0;
    limit = std::max<uint64_t>(limit, timeout_ms_);
  }
  return now_ms > waiting_since_ms_ + limit ? now_ms - waiting_since_ms_ - limit : 0;
}

}  // namespace tablegate::pg
