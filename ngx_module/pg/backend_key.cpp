#include "pg/backend_key.hpp"

#include <stdlib.h>
#include <string.h>

namespace tablegate::pg {

BackendKey::~BackendKey() {
  close();
}

void BackendKey::listen(PGconn* connection) {
  trace_ = open_memstream(&text_, &size_);
  if (trace_ == nullptr) return;
  PQtrace(connection, trace_);
  PQsetTraceFlags(connection, PQTRACE_SUPPRESS_TIMESTAMPS);
}

void BackendKey::take(PGconn* connection) {
  if (trace_ == nullptr) return;
  PQuntrace(connection);
  if (fflush(trace_) == 0 && text_ != nullptr) {
    constexpr const char* kMessage = "BackendKeyData\t";
    const char* found = strstr(text_, kMessage);
    if (found != nullptr) {
      char* after_process = nullptr;
      char* after_secret = nullptr;
      const long process = strtol(found + strlen(kMessage), &after_process, 10);
      const long secret = strtol(after_process, &after_secret, 10);
      // A libpq that writes its trace in another way is not misunderstood.
      known_ = after_secret != after_process && process == PQbackendPID(connection);
      process_ = static_cast<uint32_t>(process);
      secret_ = static_cast<uint32_t>(secret);
    }
  }
  close();
}

// The trace may hold a password.
void BackendKey::close() {
  if (trace_ == nullptr) return;
  fclose(trace_);
  trace_ = nullptr;
  if (text_ != nullptr) explicit_bzero(text_, size_);
  free(text_);
  text_ = nullptr;
}

}  // namespace tablegate::pg
