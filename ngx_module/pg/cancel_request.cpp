#include "pg/cancel_request.hpp"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

#include <cerrno>

#include "pg/backend_key.hpp"
#include "pg/dsn.hpp"

// As in wire_socket.cpp: libpq brings OpenSSL along.
#pragma weak SSL_write

namespace tablegate::pg {
namespace {

constexpr uint32_t kCancelCode = 80877102;  // PostgreSQL manual, "Message Formats": CancelRequest

void put(unsigned char* to, uint32_t number) {
  const uint32_t bytes = htonl(number);
  memcpy(to, &bytes, sizeof(bytes));
}

}  // namespace

bool CancelRequest::start(const Dsn& dsn, std::size_t endpoint, const BackendKey& key, bool tls,
                          uint32_t timeout_ms) {
  put(request_, sizeof(request_));
  put(request_ + 4, kCancelCode);
  put(request_ + 8, key.process());
  put(request_ + 12, key.secret());
  tls_ = tls;
  ConnectKeywords arrays = dsn.keywords(endpoint);
  for (std::size_t i = 0; arrays.keywords[i] != nullptr; ++i) {
    // "allow" begins with a startup packet in clear.
    if (tls && strcmp(arrays.keywords[i], "sslmode") == 0 && strcmp(arrays.values[i], "allow") == 0)
      arrays.values[i] = "prefer";
  }
  connection_.reset(PQconnectStartParams(arrays.keywords.data(), arrays.values.data(), 0));
  if (!connection_ || PQstatus(connection_.get()) == CONNECTION_BAD) return false;
  PQsetNoticeReceiver(
      connection_.get(), [](void*, const PGresult*) {}, nullptr);
  timer_ = loop_.lasting_timer(*this);
  timer_->start(timeout_ms);
  return advance(PGRES_POLLING_WRITING);
}

// False: it cannot be sent.
bool CancelRequest::advance(PostgresPollingStatusType status) {
  if (status != PGRES_POLLING_READING && status != PGRES_POLLING_WRITING) return false;
  if (PQstatus(connection_.get()) == CONNECTION_MADE) {
    // libpq would now ask for TLS, or send its startup packet.
    if ((PQsslInUse(connection_.get()) == 1) == tls_) return send_request();
    if (was_ready_ || !tls_) return false;
    was_ready_ = true;
  }
  return watch(status == PGRES_POLLING_READING);
}

bool CancelRequest::watch(bool read) {
  watch_ = loop_.watch(PQsocket(connection_.get()), *this);
  return watch_ && watch_->want(read, !read);
}

bool CancelRequest::send_request() {
  constexpr int kSize = sizeof(request_);
  if (tls_) {
    auto* tls = static_cast<SSL*>(PQsslStruct(connection_.get(), "OpenSSL"));
    if (tls == nullptr || &SSL_write == nullptr || SSL_write(tls, request_, kSize) != kSize) return false;
  } else if (::send(PQsocket(connection_.get()), request_, kSize, MSG_NOSIGNAL) != kSize) {
    return false;
  }
  sent_ = watch(true);
  return sent_;
}

// The server closes the connection when it has sent the signal. What it says before that is TLS's.
bool CancelRequest::has_ended() const {
  char ignored[256];
  ssize_t size = 0;
  do {
    size = recv(PQsocket(connection_.get()), ignored, sizeof(ignored), MSG_DONTWAIT);
  } while (size > 0 || (size < 0 && errno == EINTR));
  return size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void CancelRequest::on_io(bool readable, bool writable) noexcept {
  static_cast<void>(readable);
  static_cast<void>(writable);
  if (sent_) {
    if (has_ended()) owner_.on_cancel_end(CancelEnd::delivered);
    return;
  }
  watch_.reset();  // PQconnectPoll may replace the socket behind the same number
  if (!advance(PQconnectPoll(connection_.get()))) owner_.on_cancel_end(CancelEnd::not_sent);
}

void CancelRequest::on_timer() noexcept {
  owner_.on_cancel_end(sent_ ? CancelEnd::unknown : CancelEnd::not_sent);
}

}  // namespace tablegate::pg
