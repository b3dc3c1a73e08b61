// Connection, first part of six: from PQconnectStart to a session that is set up, and the end.
#include <poll.h>

#include <utility>

#include "pg/connection.hpp"
#include "pg/dsn.hpp"
#include "pg/session.hpp"

namespace tablegate::pg {

Connection::Connection(Loop& loop, ConnectionOwner& owner, ConnectionConfig config)
    : loop_(loop),
      owner_(owner),
      config_(std::move(config)),
      statements_(config_.shared ? StatementCache::kSharedCapacity : StatementCache::kCapacity) {}

Connection::~Connection() {
  for (Operation& operation : operations_) {
    if (operation.query != nullptr) operation.query->operation_ = nullptr;
  }
  for (HeldAnswer& held : held_) {
    if (held.operation.query != nullptr) held.operation.query->operation_ = nullptr;
  }
  drop_watch();  // before the socket closes with connection_
}

// libpq closes a socket by itself when it reads the end of it.
void Connection::drop_watch() {
  if (watch_ && PQsocket(connection_.get()) < 0) watch_->set_closed();
  watch_.reset();
}

bool Connection::open(const Dsn& dsn, std::size_t endpoint, std::string& reason) {
  dsn_ = &dsn;
  endpoint_ = endpoint;
  const ConnectKeywords arrays = dsn.keywords(endpoint);
  connection_.reset(PQconnectStartParams(arrays.keywords.data(), arrays.values.data(), 0));
  if (!connection_) {
    reason = "out of memory";
    return false;
  }
  // The default receiver writes to stderr.
  PQsetNoticeReceiver(
      connection_.get(), [](void*, const PGresult*) {}, nullptr);
  key_.listen(connection_.get());
  timer_ = loop_.timer(*this);
  cancel_timer_ = loop_.lasting_timer(cancel_handler_);
  if (PQstatus(connection_.get()) == CONNECTION_BAD || !wait_for(PGRES_POLLING_WRITING)) {
    reason = lost_reason_.empty() ? error_text() : lost_reason_;
    lost_ = true;
    state_ = State::closed;
    return false;
  }
  // libpq ignores connect_timeout with PQconnectPoll. Ours covers the session's setup, too.
  connect_until_ms_ = loop_.clock_ms() + config_.connect_timeout_ms;
  timer_->start(config_.connect_timeout_ms);
  return true;
}

// Whether the server has done something that nobody has looked at yet.
bool Connection::is_ready() const {
  pollfd socket{PQsocket(connection_.get()), connect_reads_ ? short{POLLIN} : short{POLLOUT}, 0};
  return poll(&socket, 1, 0) > 0;
}

// The time is that of the server. A worker that was busy may have started the timer with an old clock, and
// may not have looked at the server's last step before the time was over.
void Connection::on_connect_timer() {
  const uint64_t now = loop_.clock_ms();
  if (now < connect_until_ms_) {
    timer_->start(static_cast<uint32_t>(connect_until_ms_ - now));
    return;
  }
  const bool was_late = connect_step_ms_ >= connect_until_ms_;
  if (!was_late && !is_ready()) {
    lose("no answer within the connect timeout");
    return;
  }
  connect_until_ms_ = now + config_.connect_timeout_ms;
  timer_->start(config_.connect_timeout_ms);
}

bool Connection::wait_for(PostgresPollingStatusType status) {
  watch_ = loop_.watch(PQsocket(connection_.get()), *this);
  connect_reads_ = status == PGRES_POLLING_READING;
  if (watch_ && watch_->want(connect_reads_, !connect_reads_)) return true;
  lost_reason_ = "the event loop has no slot for another connection";
  return false;
}

void Connection::poll_connect() {
  // PQconnectPoll may replace the socket behind the same number (TLS refused, next address),
  // and epoll would drop the old one silently.
  watch_.reset();
  const PostgresPollingStatusType status = PQconnectPoll(connection_.get());
  switch (status) {
    case PGRES_POLLING_OK:
      if (!start_session()) lose(lost_reason_.empty() ? error_text() : lost_reason_);
      return;
    case PGRES_POLLING_READING:
    case PGRES_POLLING_WRITING:
      if (!wait_for(status)) lose(lost_reason_);
      return;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
    default:
      lose(error_text());
      return;
  }
}

bool Connection::start_session() {
  PGconn* connection = connection_.get();
  key_.take(connection);
  // libpq sends a last message when it closes the connection: it must not wait for room then.
  if (PQsetnonblocking(connection, 1) != 0) return false;
  if (!socket_.attach(connection)) {
    lost_reason_ = "the connection is encrypted, but not by OpenSSL";
    return false;
  }
  if (!wait_for(PGRES_POLLING_READING)) return false;
  in_session_ = true;
  // With prepare off the server behind a pooler may be another one each time: only make sure
  // that there is one, and send the settings with every statement.
  const char* sql = "select 1";
  const char* role = config_.role.c_str();
  const std::size_t parameters = config_.prepare && !config_.role.empty() ? 1 : 0;
  if (config_.prepare) sql = parameters > 0 ? kSessionSettingsWithRole : kSessionSettings;
  send_plain(sql, &role, parameters);
  push(Operation::Kind::setup, nullptr, nullptr, 0);
  sync();
  return flush();
}

void Connection::lose(const std::string& reason) {
  // A copy: `reason` may be a member, and the owner may destroy us.
  const std::string last_words = reason;  // NOLINT(performance-unnecessary-copy-initialization)
  lost_ = true;
  state_ = State::closed;
  drop_watch();
  forget_cancel();
  if (timer_) timer_->stop();
  deliver_held(0);
  owner_.on_lost(*this, last_words);
}

std::string Connection::error_text() const {
  std::string text = in_session_ ? socket_.error_text() : PQerrorMessage(connection_.get());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& character : text) {
    if (static_cast<unsigned char>(character) < ' ') character = ' ';
  }
  return text.empty() ? "connection lost" : text;
}

void Connection::on_timer() noexcept {
  if (broken_) {
    read_last_words();
    lose(lost_reason_);
  } else if (state_ == State::connecting) {
    on_connect_timer();
  } else if (!lost_ && !paused_) {
    continue_session(true);  // what was read before the pause
  }
}

void Connection::on_close() noexcept {
  if (!lost_) owner_.on_asked_to_close(*this);
}

}  // namespace tablegate::pg
