// Connection, third part of six: what comes back. Results come in the order of the FIFO: for each
// statement a result and a NULL, for each Sync a PGRES_PIPELINE_SYNC.
#include <openssl/ssl.h>
#include <string.h>

#include "pg/connection.hpp"

// libpq brings OpenSSL along; weak, so that nothing else has to link it and a libpq without TLS will do.
#pragma weak SSL_pending

namespace tablegate::pg {
namespace {

const char* field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text != nullptr ? text : "";
}

// The primary message only: DETAIL and the rest may repeat a caller's values.
QueryError error_of(const PGresult* result) {
  QueryError error;
  error.aborted = PQresultStatus(result) == PGRES_PIPELINE_ABORTED;
  error.sqlstate = field(result, PG_DIAG_SQLSTATE);
  error.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (error.message.empty()) error.message = PQresultErrorMessage(result);  // libpq's own, no server text
  if (PQresultStatus(result) == PGRES_EMPTY_QUERY) error.message = "the statement is empty";
  if (error.message.empty()) error.message = "unexpected result";
  for (char& character : error.message) {
    if (static_cast<unsigned char>(character) < ' ') character = ' ';
  }
  return error;
}

std::string describe(const QueryError& error) {
  return error.sqlstate.empty() ? error.message : error.sqlstate + " " + error.message;
}

bool is_good(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
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
    if (wants_write_ && !flush()) break_later("sending a query failed");
    return;
  }
  // Something comes: a large answer is not a stuck one.
  if (readable) waiting_since_ms_ = loop_.now_ms();
  if (unread_ && chunks_in_flight_ != 0) whole_ = has_all();
  unread_ = false;
  const bool alive = read_input();
  // Before any callback: what that opens may get the number of a socket that libpq has closed.
  if (PQsocket(connection_.get()) < 0) drop_watch();
  continue_session(alive);
}

// `alive` false: nothing more can be read.
void Connection::continue_session(bool alive) {
  // While it could not write libpq may have read: there can be results without a readable socket,
  // and when the server died its last words are in the buffer. So always drain.
  drain_safely();
  // A paused connection keeps what it has; it finds its end when it reads again.
  const bool dead = !alive || PQstatus(connection_.get()) == CONNECTION_BAD;
  if (!lost_ && (broken_ || (dead && !paused_))) {
    if (lost_reason_.empty()) lost_reason_ = error_text();
    lost_ = true;
  }
  if (!lost_ && wants_write_ && !flush()) {
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

bool Connection::read_input() {
  PGconn* connection = connection_.get();
  if (PQconsumeInput(connection) != 1) return false;
  // The rest of a TLS record longer than libpq's read is in OpenSSL's buffer; the socket stays silent.
  SSL* tls = PQsslInUse(connection) == 1 && &SSL_pending != nullptr
                 ? static_cast<SSL*>(PQsslStruct(connection, "OpenSSL"))
                 : nullptr;
  while (tls != nullptr && PQstatus(connection) == CONNECTION_OK && SSL_pending(tls) > 0) {
    if (PQconsumeInput(connection) != 1) return false;
  }
  return true;
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
  // After a server's death libpq gives NULL for ever with PQisBusy() == 0: the second NULL in a
  // row is one too many (a Sync has none of its own).
  int nulls = 0;
  turn_bytes_ = 0;
  while (!lost_) {
    if (chunks_in_flight_ != 0) {
      if (ends_turn()) break;
      if (has_paused_head()) return update_reading();
      ask_for_single_rows();
    }
    if (PQisBusy(connection_.get()) != 0) break;
    ResultPointer result(PQgetResult(connection_.get()));
    if (result) {
      nulls = 0;
      if (!take_result(result)) lost_ = true;
    } else if (operations_.empty()) {
      return;
    } else if (++nulls > 2) {
      if (lost_reason_.empty()) lost_reason_ = error_text();
      lost_ = true;
    }
  }
  if (chunk_.empty()) return;
  if (!lost_) return deliver_chunk();
  forget_chunk();
}

bool Connection::take_result(ResultPointer& result) {
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_SINGLE_TUPLE) return take_answer(result, status);
  if (operations_.empty() || operations_.front().kind != Operation::Kind::query) {
    lost_reason_ = "the server sent what was not asked for";
    return false;
  }
  gather(std::move(result));
  return true;
}

bool Connection::take_answer(ResultPointer& result, ExecStatusType status) {
  if (status == PGRES_FATAL_ERROR) {
    const char* severity = field(result.get(), PG_DIAG_SEVERITY_NONLOCALIZED);
    if (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0 || *severity == '\0') {
      // No severity: libpq's own words, the connection is gone.
      lost_reason_ = describe(error_of(result.get()));
      return false;
    }
  }
  if (operations_.empty() || status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
      status == PGRES_COPY_BOTH) {
    lost_reason_ = "the server sent what was not asked for";
    return false;
  }
  if (operations_.front().kind == Operation::Kind::sync) {
    // An error here belongs to the end of the transaction; nothing waits for it.
    if (status == PGRES_PIPELINE_SYNC) operations_.pop_front();
    return true;
  }
  if (status == PGRES_PIPELINE_SYNC) {
    lost_reason_ = "the server left a statement without an answer";
    return false;
  }
  if (status == PGRES_COMMAND_OK && operations_.front().kind == Operation::Kind::query) {
    // A SELECT has rows, if none. libpq met the end of the connection while it was writing, dropped its
    // queue and took a row description that it still held for the answer to a Describe: no answer.
    lost_reason_ = "the server closed the connection in the middle of an answer";
    return false;
  }
  const Operation operation = operations_.front();
  operations_.pop_front();
  return finish_operation(operation, result);
}

bool Connection::finish_operation(const Operation& operation, ResultPointer& taken) {
  const PGresult* const result = taken.get();
  switch (operation.kind) {
    case Operation::Kind::setup:
      set_up_ = is_good(result);
      if (!set_up_) lost_reason_ = "session setup failed: " + describe(error_of(result));
      return set_up_;
    case Operation::Kind::timeout:
      if (!is_good(result)) {
        timeout_known_ = false;
        if (!cancelled_)
          loop_.log(LogLevel::error, "setting statement_timeout failed: " + describe(error_of(result)));
      }
      return true;
    case Operation::Kind::settings:
    case Operation::Kind::prepare:
      finish_prefix(operation, result);
      return true;
    case Operation::Kind::query:
      finish_query(operation, taken);
      return true;
    case Operation::Kind::prepare_stamp:
      if (!is_good(result)) stamp_name_.clear();
      return true;
    case Operation::Kind::stamp:
      finish_stamp(result);
      return true;
    case Operation::Kind::first_stamp:
      finish_first_stamp(operation, result);
      return true;
    case Operation::Kind::deallocate:  // refused: it was not there, which is what we wanted
    case Operation::Kind::sync:
      return true;
  }
  return true;
}

// Settings, a prepare and their query are sent one after another under one Sync: when one of them fails, what
// follows comes back aborted, and the error of the first is the one to report.
void Connection::finish_prefix(const Operation& operation, const PGresult* result) {
  if (is_good(result)) {
    if (operation.statement != nullptr) operation.statement->exists = true;
  } else {
    note_prefix_error(operation, result);
    if (operation.statement != nullptr) {
      operation.statement->sqlstate = prefix_error_.sqlstate;
      operation.statement->message = prefix_error_.message;
      statements_.forget(*operation.statement, false);
    }
  }
  if (operation.statement != nullptr) statements_.release(*operation.statement);
}

void Connection::note_prefix_error(const Operation& operation, const PGresult* result) {
  if (!operation.prefix_failed) prefix_error_ = error_of(result);  // else that of the one before it
  // What follows is missing only when sending broke between the two.
  if (!operations_.empty()) operations_.front().prefix_failed = true;
}

void Connection::finish_query(const Operation& operation, ResultPointer& taken) {
  const PGresult* const result = taken.get();
  --in_flight_;
  if (operation.chunks) --chunks_in_flight_;
  Query* query = operation.query;
  if (query != nullptr) query->operation_ = nullptr;
  if (is_good(result)) {
    if (operation.statement != nullptr) statements_.release(*operation.statement);
    if (query != nullptr && query->stamped && !operation.chunks && hold(operation, taken)) return;
    return finish_rows(query, result);
  }
  forget_chunk();
  QueryError error = operation.prefix_failed ? prefix_error_ : error_of(result);
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
