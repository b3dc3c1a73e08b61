// The header Server-Timing (https://www.w3.org/TR/server-timing/) of an answer:
// how long its stages took, up to its header. Only where `tablegate_server_timing`
// is on: elsewhere no clock is read. Only for callers that were let in: to others
// the times would show how far a credential was checked.
#pragma once

#include <cstdint>

#include "ngx/call.hpp"

namespace tablegate::ngx {

// Measures one stage.
class Stopwatch {
 public:
  // Reads the clock only if the request's location has the header.
  explicit Stopwatch(ngx_http_request_t* r);
  // Nanoseconds since it was made; 0: the location does not have the header.
  uint64_t elapsed() const;

 private:
  uint64_t begin_ = 0;
};

// The value: `auth;dur=0.041, queue;dur=0, db;dur=2, format;dur=0.012, total;dur=3.120`, in milliseconds. It
// leaves out what did not happen. Lives as long as the request. Empty: the answer has no such header.
// `format_ns`: how long its rows were written.
std::string_view server_timing(const Call& call, uint64_t format_ns);

}  // namespace tablegate::ngx
