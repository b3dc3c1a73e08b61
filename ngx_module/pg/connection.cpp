// Connection, second part of six: what is sent. Every statement that is written to the outbox is pushed to
// the FIFO in the same order; when that fails half-way the connection is given up.
#include "pg/connection.hpp"

#include <algorithm>

#include "pg/session.hpp"
#include "pg/wire_writer.hpp"

namespace tablegate::pg {
namespace {

// How long a Sync, a DEALLOCATE or a setting may take; they wait for no lock.
constexpr uint32_t kShortMs = 10000;

constexpr std::size_t kOutboxSize = 16384;  // that it keeps when it is empty
constexpr std::size_t kRows = 2048;         // whose places it keeps room for
constexpr int kMostParameters = 65535;      // two bytes of a Bind

}  // namespace

bool Connection::send(Query& query) {
  if (lost_ || state_ != State::open) return false;
  if (query.parameter_count < 0 || query.parameter_count > kMostParameters) {
    break_later("a query has too many parameters");
    return false;
  }
  try {
    if (config_.prepare) {
      send_prepared(query);
    } else {
      send_unprepared(query);
    }
    return true;
  } catch (...) {
    // The FIFO may lack what was written: its answers cannot be told apart any more.
    operations_in_doubt_ = true;
  }
  break_later("sending a query failed");
  return false;
}

void Connection::send_prepared(Query& query) {
  // Many share it: what is left of each would have to be set before each of them.
  const uint32_t limit = config_.shared || query.limit_ms_ == 0 ? query.timeout_ms : query.limit_ms_;
  send_timeout(limit);
  send_trace(query);
  Statement* statement = statements_.find(query.key);
  if (statement == nullptr) {
    const std::string sql = query.sql();
    statement = statements_.add(query.key, owner_.is_prepared_elsewhere(*this, query), sql.size());
    if (statement == nullptr) return send_text(query, sql, limit);
    types_.clear();
    // Declared: PostgreSQL would otherwise guess numeric for a bigint column and not use its index.
    query.parameter_types(types_);
    write_parse(outbox_, statement->name, sql.c_str(), types_);
    push(Operation::Kind::prepare, nullptr, statement, limit);
  }
  send_first_stamp(query, limit);
  write_run(outbox_, statement->name, query.values, static_cast<std::size_t>(query.parameter_count));
  batch_open_ = true;
  push(Operation::Kind::query, &query, statement, limit);
}

// With the unnamed statement, which is parsed each time.
void Connection::send_text(Query& query, const std::string& sql, uint32_t limit_ms) {
  types_.clear();
  query.parameter_types(types_);
  send_first_stamp(query, limit_ms);
  write_parse(outbox_, {}, sql.c_str(), types_);
  write_run(outbox_, {}, query.values, static_cast<std::size_t>(query.parameter_count));
  batch_open_ = true;
  push(Operation::Kind::query, &query, nullptr, limit_ms);
}

// A statement of our own.
void Connection::send_plain(const char* sql, const char* const* values, std::size_t count) {
  write_parse(outbox_, {}, sql, {});
  write_run(outbox_, {}, values, count);
}

void Connection::send_unprepared(Query& query) {
  const uint32_t limit = query.limit_ms_ == 0 ? query.timeout_ms : query.limit_ms_;
  const std::string timeout = std::to_string(limit);
  const char* const settings[] = {timeout.c_str(), config_.role.c_str()};
  const bool role = !config_.role.empty();
  send_plain(role ? kTransactionSettingsWithRole : kTransactionSettings, settings, role ? 2 : 1);
  push(Operation::Kind::settings, nullptr, nullptr, limit);
  send_trace(query);
  send_text(query, query.sql(), limit);
}

// Under a Sync of its own, because a query's error would roll the setting back.
void Connection::send_timeout(uint32_t timeout_ms) {
  if (timeout_known_) {
    if (timeout_ms == timeout_ms_) return;
    // Raised only while others are on their way, or two APIs would make us set it for each query of
    // a batch in turn; lowered before the first one, or a statement would stand in front of the next
    // batch long after its request had its 504. 0 = no limit.
    const bool enough = timeout_ms_ == 0 || (timeout_ms != 0 && timeout_ms < timeout_ms_);
    if (config_.shared && enough && !idle()) return;
  }
  if (batch_open_) sync();
  const std::string text = std::to_string(timeout_ms);
  const char* const value = text.c_str();
  send_plain(kSetTimeout, &value, 1);
  timeout_known_ = true;
  timeout_ms_ = timeout_ms;
  push(Operation::Kind::timeout, nullptr, nullptr, kShortMs);
  sync();
}

// It counts until the Sync: then nothing else may be under that Sync.
void Connection::send_trace(const Query& query) {
  if (batch_open_ && (batch_traced_ || query.trace != nullptr)) sync();
  if (query.trace == nullptr) return;
  send_plain(kSetTrace, &query.trace, 1);
  batch_traced_ = true;
  push(Operation::Kind::settings, nullptr, nullptr, kShortMs);
}

void Connection::send_doomed() {
  for (std::string name = statements_.take_doomed(); !name.empty(); name = statements_.take_doomed()) {
    // The name is ours (tg_N): nothing to quote.
    const std::string sql = "deallocate " + name;
    send_plain(sql.c_str(), nullptr, 0);
    push(Operation::Kind::deallocate, nullptr, nullptr, kShortMs);
    sync();
  }
}

void Connection::push(Operation::Kind kind, Query* query, Statement* statement, uint32_t timeout_ms) {
  if (operations_.empty()) waiting_since_ms_ = loop_.now_ms();
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
    stamp_due_ = stamp_due_ || (query->stamped && !operation.chunks);
    ++in_flight_;
  }
}

void Connection::sync() {
  if (stamp_due_) send_stamp();
  batch_open_ = batch_traced_ = false;
  write_sync(outbox_);
  push(Operation::Kind::sync, nullptr, nullptr, kShortMs);
}

void Connection::end_batch() {
  if (lost_ || state_ != State::open || !batch_open_) return;
  bool sent = false;
  try {
    sync();
    send_doomed();
    sent = flush();
  } catch (...) {
    // The FIFO may lack what was written: its answers cannot be told apart any more.
    operations_in_doubt_ = true;
  }
  if (!sent) {
    break_later("sending a query failed");
  } else {
    update_idle();
  }
}

bool Connection::flush() {
  if (!watch_) return false;
  bool blocked = false;
  while (sent_ < outbox_.size() && !blocked) {
    std::size_t sent = 0;
    const WireSocket::Status status = socket_.write(outbox_.data() + sent_, outbox_.size() - sent_, sent);
    blocked = status == WireSocket::Status::blocked;
    if (!blocked && status != WireSocket::Status::done) return false;
    sent_ += sent;
  }
  if (!blocked) {
    outbox_.clear();
    sent_ = 0;
    if (outbox_.capacity() > kOutboxSize) outbox_.shrink_to_fit();
  }
  if (blocked == write_blocked_) return true;
  write_blocked_ = blocked;
  return set_events();
}

void Connection::update_idle() {
  const bool idle_now = idle();
  if (idle_now == is_idle_ || !watch_) return;
  is_idle_ = idle_now;
  watch_->set_idle(idle_now);
  if (!idle_now) return;
  inbox_.rest();
  if (rows_.capacity() > kRows) rows_.shrink_to_fit();
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
