// How a CancelRequest names a session: its process id and its secret (PostgreSQL manual, "Canceling Requests
// in Progress"). libpq does not hand out the secret, so it is read from libpq's trace (PQtrace) while the
// session opens. Owned by a Connection, declared before its PGconn: libpq may write to the trace until
// PQfinish.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace tablegate::pg {

class BackendKey {
 public:
  BackendKey() = default;
  ~BackendKey();
  BackendKey(const BackendKey&) = delete;
  BackendKey& operator=(const BackendKey&) = delete;

  // Starts to listen. Once, before the first PQconnectPoll.
  void listen(PGconn* connection);
  // The session is open: takes the key and ends the trace. Without a key nothing can be cancelled.
  void take(PGconn* connection);

  bool known() const { return known_; }
  uint32_t process() const { return process_; }
  uint32_t secret() const { return secret_; }

 private:
  void close();

  std::FILE* trace_ = nullptr;
  char* text_ = nullptr;  // of the trace: valid once it is flushed
  std::size_t size_ = 0;
  bool known_ = false;
  uint32_t process_ = 0;
  uint32_t secret_ = 0;
};

}  // namespace tablegate::pg
