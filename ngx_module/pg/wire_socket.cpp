#include "pg/wire_socket.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

// libpq brings OpenSSL along; weak, so that nothing else has to link it and a libpq without TLS will do.
#pragma weak SSL_get_error
#pragma weak SSL_pending
#pragma weak SSL_read
#pragma weak SSL_write

namespace tablegate::pg {
namespace {

constexpr const char* kClosed = "the server closed the connection";

int int_size(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

}  // namespace

bool WireSocket::attach(PGconn* connection) {
  socket_ = PQsocket(connection);
  if (PQgssEncInUse(connection) != 0) return false;
  if (PQsslInUse(connection) == 0) return true;
  if (&SSL_read == nullptr || &SSL_write == nullptr || &SSL_pending == nullptr || &SSL_get_error == nullptr)
    return false;
  tls_ = static_cast<ssl_st*>(PQsslStruct(connection, "OpenSSL"));
  return tls_ != nullptr;
}

WireSocket::Status WireSocket::fail(const char* text, Status status) {
  error_ = text;
  return status;
}

WireSocket::Status WireSocket::fail(int number) {
  if (number == EAGAIN || number == EWOULDBLOCK) return Status::blocked;
  char buffer[128];
  return fail(strerror_r(number, buffer, sizeof buffer), Status::failed);
}

// After a call that has moved nothing.
WireSocket::Status WireSocket::tls_status(int result, bool reading) {
  const int number = errno;
  const unsigned long queued = ERR_peek_error();
  const int error = SSL_get_error(tls_, result);
  ERR_clear_error();  // the queue is nginx's, too
  switch (error) {
    case SSL_ERROR_WANT_READ:
      if (!reading) write_needs_read_ = true;
      return Status::blocked;
    case SSL_ERROR_WANT_WRITE:
      if (reading) read_needs_write_ = true;
      return Status::blocked;
    case SSL_ERROR_ZERO_RETURN:
      return fail(kClosed, Status::closed);
    case SSL_ERROR_SYSCALL:
      return number == 0 ? fail(kClosed, Status::closed) : fail(number);
    default: {
      if (ERR_GET_REASON(queued) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return fail(kClosed, Status::closed);
      const char* reason = ERR_reason_error_string(queued);
      error_ = std::string("TLS: ") + (reason != nullptr ? reason : "unknown error");
      return Status::failed;
    }
  }
}

WireSocket::Status WireSocket::read(char* data, std::size_t size, std::size_t& got) {
  if (tls_ != nullptr) {
    read_needs_write_ = false;
    ERR_clear_error();
    errno = 0;
    const int result = SSL_read(tls_, data, int_size(size));
    if (result <= 0) return tls_status(result, true);
    got = static_cast<std::size_t>(result);
    return Status::done;
  }
  ssize_t result = 0;
  do {
    result = recv(socket_, data, size, MSG_DONTWAIT);
  } while (result < 0 && errno == EINTR);
  if (result < 0) return fail(errno);
  if (result == 0) return fail(kClosed, Status::closed);
  got = static_cast<std::size_t>(result);
  return Status::done;
}

WireSocket::Status WireSocket::write(const char* data, std::size_t size, std::size_t& sent) {
  if (tls_ != nullptr) {
    write_needs_read_ = false;
    ERR_clear_error();
    errno = 0;
    const int result = SSL_write(tls_, data, int_size(size));
    if (result <= 0) return tls_status(result, false);
    sent = static_cast<std::size_t>(result);
    return Status::done;
  }
  ssize_t result = 0;
  do {
    result = send(socket_, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (result < 0 && errno == EINTR);
  if (result < 0) return fail(errno);
  sent = static_cast<std::size_t>(result);
  return Status::done;
}

bool WireSocket::has_more() const {
  return tls_ != nullptr && SSL_pending(tls_) > 0;
}

}  // namespace tablegate::pg
