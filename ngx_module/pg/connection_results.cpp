// Connection, third part of six: what comes back. Messages come in the order of the FIFO: those of each
// statement, which end with CommandComplete or ErrorResponse, and ReadyForQuery for each Sync.
#include "pg/cells.hpp"
#include "pg/connection.hpp"

namespace tablegate::pg {
namespace {

constexpr const char* kNotAskedFor = "the server sent what was not asked for";
constexpr int kLastReads = 64;

// The primary message only: DETAIL and the rest may repeat a caller's values.
QueryError error_of(const ErrorFields& fields) {
  QueryError error;
  error.sqlstate = fields.sqlstate;
  error.message = fields.message.empty() ? "the server reports an error without a message" : fields.message;
  for (std::string* text : {&error.sqlstate, &error.message}) {
    for (char& character : *text) {
      if (static_cast<unsigned char>(character) < ' ') character = ' ';
    }
  }
  return error;
}

std::string describe(const QueryError& error) {
  return error.sqlstate.empty() ? error.message : error.sqlstate + " " + error.message;
}

// A Parse alone: its answer is ParseComplete.
bool only_prepares(Operation::Kind kind) {
  return kind == Operation::Kind::prepare || kind == Operation::Kind::prepare_stamp;
}

}  // namespace

void Connection::on_io(bool readable, bool writable) noexcept {
  static_cast<void>(writable);
  if (lost_ || broken_) return;
  if (state_ == State::connecting) connect_step_ms_ = loop_.clock_ms();
  if (!in_session_) {
    poll_connect();
    return;
  }
  if (paused_) {
    if (write_blocked_ && !flush()) break_later("sending a query failed");
    return;
  }
  // Something comes: a large answer is not a stuck one.
  if (readable) waiting_since_ms_ = loop_.now_ms();
  continue_session(read_input());
}

// `alive` false: nothing more can be read.
void Connection::continue_session(bool alive) {
  drain_safely();
  if (broken_ && !lost_) return;  // on_timer follows
  // A paused connection keeps what it has; it finds its end when it reads again.
  if (!lost_ && !alive && !paused_) {
    if (lost_reason_.empty()) lost_reason_ = error_text();
    lost_ = true;
  }
  if (!lost_ && write_blocked_ && !flush()) {
    break_later("sending a query failed");
    return;
  }
  if (lost_) {
    lose(lost_reason_);
    return;
  }
  if (cancel_due_ || cancel_ || cancelled_ || runs_abandoned()) consider_cancel();
  update_idle();
  if (state_ == State::open) {
    owner_.on_progress(*this);
  } else if (set_up_ && operations_.empty()) {
    state_ = State::open;
    timer_->stop();
    update_idle();
    owner_.on_opened(*this);
  }
}

// One read, and the rest of a TLS record: the loop reports the socket again while it has more. False: nothing
// more can be read.
bool Connection::read_input() {
  const bool needed_write = socket_.read_needs_write();
  do {
    const Inbox::Room room = inbox_.room();
    if (room.data == nullptr) {
      if (lost_reason_.empty()) lost_reason_ = "out of memory";
      return false;
    }
    std::size_t got = 0;
    const WireSocket::Status status = socket_.read(room.data, room.size, got);
    if (status == WireSocket::Status::blocked) break;
    if (status != WireSocket::Status::done) return false;
    inbox_.add(got);
  } while (socket_.has_more());
  return socket_.read_needs_write() == needed_write || set_events();
}

// Of a connection that can no longer be written to: answers, and perhaps why.
void Connection::read_last_words() {
  bool more = true;
  for (int reads = 0; more && !lost_ && !paused_ && reads < kLastReads; ++reads) {
    const uint64_t before = inbox_.received();
    more = read_input() && inbox_.received() != before;
    drain_safely();
  }
}

void Connection::drain_safely() noexcept {
  try {
    if (!operations_in_doubt_) drain();
  } catch (...) {
    lost_reason_ = "out of memory";
    lost_ = true;
  }
}

void Connection::drain() {
  while (!lost_) {
    if (chunks_in_flight_ != 0 && has_paused_head()) {
      update_reading();
      break;
    }
    Message message;
    const Frame frame = inbox_.next(message);
    if (frame == Frame::incomplete) break;
    if (frame == Frame::invalid ? !reject("the server sent what is no message") : !take_message(message))
      lost_ = true;
  }
  // Rows that arrived together are delivered together.
  if (!lost_ && !operations_.empty() && operations_.front().chunks && row_bytes_ != 0) deliver_chunk();
  forget_bytes();
}

// False, for the caller to return.
bool Connection::reject(const char* reason) {
  lost_reason_ = reason;
  return false;
}

bool Connection::take_message(const Message& message) {
  switch (message.type) {
    case 'D':
      return take_row(message);
    case 'Z':
      return take_ready();
    case 'E':
      return take_error(message);
    case 'N':  // a notice
    case 'S':  // a setting of the session
    case 'A':  // a notification
      return true;
    default:
      break;
  }
  if (operations_.empty() || failed_ || operations_.front().kind == Operation::Kind::sync)
    return reject(kNotAskedFor);
  const bool prepares = only_prepares(operations_.front().kind);
  if (message.type == '1') return !prepares || finish({});
  if (prepares) return reject(kNotAskedFor);
  switch (message.type) {
    case '2':
    case 'n':  // no columns
      return true;
    case 'T':
      if (described_ || !read_columns(message, row_types_))
        return reject("the columns of a result cannot be read");
      described_ = true;
      statement_.columns = row_types_.size() - statement_.first_type;
      return true;
    case 'C':
      // A SELECT has a description of its rows, also where it has none.
      if (!described_ && operations_.front().kind == Operation::Kind::query) return reject(kNotAskedFor);
      return finish({described_ ? Answer::Status::rows : Answer::Status::done});
    case 'I':
      return take_empty();
    default:
      return reject(kNotAskedFor);
  }
}

bool Connection::take_row(const Message& message) {
  if (!described_ || failed_) return reject(kNotAskedFor);
  if (!is_row(message, statement_.columns)) return reject("a row of a result cannot be read");
  keep_row(message);
  return true;
}

bool Connection::take_empty() {
  QueryError error;
  error.message = "the statement is empty";
  return finish({Answer::Status::failed, &error});
}

bool Connection::take_error(const Message& message) {
  ErrorFields fields;
  if (!read_error(message, fields)) return reject("an error of the server cannot be read");
  const QueryError error = error_of(fields);
  if (fields.severity != "ERROR") {  // FATAL, PANIC, or what is unknown: the session ends
    lost_reason_ = describe(error);
    return false;
  }
  if (operations_.empty() || failed_) return reject(kNotAskedFor);
  // An error of the Sync belongs to the end of the transaction; nothing waits for it.
  if (operations_.front().kind == Operation::Kind::sync) return true;
  failed_ = true;
  return finish({Answer::Status::failed, &error});
}

bool Connection::take_ready() {
  while (!operations_.empty() && operations_.front().kind != Operation::Kind::sync) {
    if (!failed_) return reject("the server left a statement without an answer");
    QueryError aborted;
    aborted.aborted = true;
    aborted.message = "a statement before it failed";
    if (!finish({Answer::Status::aborted, &aborted})) return false;
  }
  if (operations_.empty()) return reject(kNotAskedFor);
  operations_.pop_front();
  failed_ = false;
  return true;
}

// The statement at the head has ended.
bool Connection::finish(Answer answer) {
  const Operation operation = operations_.front();
  operations_.pop_front();
  const std::size_t held = held_.size();
  const bool good = finish_operation(operation, answer);
  end_statement(held_.size() > held);
  return good;
}

bool Connection::finish_operation(const Operation& operation, const Answer& answer) {
  switch (operation.kind) {
    case Operation::Kind::setup:
      set_up_ = answer.good();
      if (!set_up_) lost_reason_ = "session setup failed: " + describe(answer.reported());
      return set_up_;
    case Operation::Kind::timeout:
      if (!answer.good()) {
        timeout_known_ = false;
        if (!cancelled_)
          loop_.log(LogLevel::error, "setting statement_timeout failed: " + describe(answer.reported()));
      }
      return true;
    case Operation::Kind::settings:
    case Operation::Kind::prepare:
      finish_prefix(operation, answer);
      return true;
    case Operation::Kind::query:
      finish_query(operation, answer);
      return true;
    case Operation::Kind::prepare_stamp:
      if (!answer.good()) stamp_name_.clear();
      return true;
    case Operation::Kind::stamp:
      finish_stamp(answer);
      return true;
    case Operation::Kind::first_stamp:
      finish_first_stamp(operation, answer);
      return true;
    case Operation::Kind::deallocate:  // failed: it was not there, which is as good
    case Operation::Kind::sync:
      return true;
  }
  return true;
}

// Settings, a prepare and their query are sent one after another under one Sync: when one of them fails, what
// follows comes back aborted, and the error of the first is the one to report.
void Connection::finish_prefix(const Operation& operation, const Answer& answer) {
  if (answer.good()) {
    if (operation.statement != nullptr) operation.statement->exists = true;
  } else {
    note_prefix_error(operation, answer);
    if (operation.statement != nullptr) {
      operation.statement->sqlstate = prefix_error_.sqlstate;
      operation.statement->message = prefix_error_.message;
      statements_.forget(*operation.statement, false);
    }
  }
  if (operation.statement != nullptr) statements_.release(*operation.statement);
}

void Connection::note_prefix_error(const Operation& operation, const Answer& answer) {
  if (!operation.prefix_failed) prefix_error_ = answer.reported();  // else that of the one before it
  // What follows is missing only when sending broke between the two.
  if (!operations_.empty()) operations_.front().prefix_failed = true;
}

void Connection::finish_query(const Operation& operation, const Answer& answer) {
  --in_flight_;
  if (operation.chunks) --chunks_in_flight_;
  Query* query = operation.query;
  if (query != nullptr) query->operation_ = nullptr;
  if (answer.good()) {
    if (operation.statement != nullptr) statements_.release(*operation.statement);
    if (query == nullptr || !query->stamped || operation.chunks || !hold(operation)) finish_rows(query);
    return;
  }
  QueryError error = operation.prefix_failed ? prefix_error_ : answer.reported();
  if (operation.statement != nullptr) {
    if (error.sqlstate == "26000" && !operation.statement->sqlstate.empty()) {
      // Sent while the prepare was on its way, which then failed: that is the cause to tell.
      error.sqlstate = operation.statement->sqlstate;
      error.message = operation.statement->message;
    }
    // 26000: someone dropped it. 0A000: "cached plan must not change result type".
    if (error.sqlstate == "26000") statements_.forget(*operation.statement, false);
    if (error.sqlstate == "0A000") statements_.forget(*operation.statement, true);
    statements_.release(*operation.statement);
  }
  error.interrupted = cancelled_ && error.sqlstate == "57014";
  if (query != nullptr) owner_.on_error(*query, error);
}

}  // namespace tablegate::pg
