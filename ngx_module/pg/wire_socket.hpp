// The socket of a session that libpq has opened, read and written without libpq:
// in clear, or through the TLS session (OpenSSL) of libpq. Nothing blocks. Belongs to
// a Connection, which keeps the PGconn alive meanwhile and closes it.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <string>

struct ssl_st;

namespace tablegate::pg {

class WireSocket {
 public:
  enum class Status : uint8_t {
    done,     // some bytes at least
    blocked,  // not now
    closed,   // by the server: see error_text()
    failed
  };

  // Takes over once the session is open. False: it is encrypted in a way that only libpq can read.
  bool attach(PGconn* connection);

  Status read(char* data, std::size_t size, std::size_t& got);
  Status write(const char* data, std::size_t size, std::size_t& sent);

  // There are bytes that the socket does not report: the rest of a TLS record.
  bool has_more() const;
  // TLS: reading continues once the socket can be written to, writing once it can be read from.
  bool read_needs_write() const { return read_needs_write_; }
  bool write_needs_read() const { return write_needs_read_; }

  // Why it is closed, or has failed.
  const std::string& error_text() const { return error_; }

 private:
  Status fail(const char* text, Status status);
  Status fail(int number);
  Status tls_status(int result, bool reading);

  int socket_ = -1;
  ssl_st* tls_ = nullptr;
  bool read_needs_write_ = false;
  bool write_needs_read_ = false;
  std::string error_;
};

}  // namespace tablegate::pg
