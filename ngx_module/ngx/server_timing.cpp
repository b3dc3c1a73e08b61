#include "ngx/server_timing.hpp"

#include <ctime>

namespace tablegate::ngx {

namespace {

constexpr uint64_t kNanosecondsOfSecond = 1000000000;
constexpr uint64_t kNanosecondsOfMillisecond = 1000000;

uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * kNanosecondsOfSecond + static_cast<uint64_t>(now.tv_nsec);
}

// Since the request's first byte; nginx keeps that time in milliseconds.
uint64_t age_ns(const ngx_http_request_t* r) {
  const uint64_t begin = static_cast<uint64_t>(r->start_sec) * kNanosecondsOfSecond +
                         static_cast<uint64_t>(r->start_msec) * kNanosecondsOfMillisecond;
  const uint64_t now = clock_ns(CLOCK_REALTIME);
  return now > begin ? now - begin : 0;  // the clock may have been set back
}

u_char* put_ns(u_char* at, const u_char* end, const char* name, uint64_t ns) {
  const uint64_t microseconds = ns / 1000;
  return ngx_slprintf(at, const_cast<u_char*>(end), "%s;dur=%uL.%03uL, ", name, microseconds / 1000,
                      microseconds % 1000);
}

u_char* put_ms(u_char* at, const u_char* end, const char* name, uint64_t from, uint64_t to) {
  return ngx_slprintf(at, const_cast<u_char*>(end), "%s;dur=%uL, ", name, to > from ? to - from : 0);
}

}  // namespace

Stopwatch::Stopwatch(ngx_http_request_t* r) {
  if (location_config(r).server_timing != 0) begin_ = clock_ns(CLOCK_MONOTONIC);
}

uint64_t Stopwatch::elapsed() const {
  return begin_ == 0 ? 0 : clock_ns(CLOCK_MONOTONIC) - begin_;
}

std::string_view server_timing(const Call& call, uint64_t format_ns) {
  ngx_http_request_t* r = call.request;
  if (location_config(r).server_timing == 0) return {};
  const core::Proof::Outcome outcome = call.proof.outcome;
  if (outcome != core::Proof::Outcome::proved && outcome != core::Proof::Outcome::open) return {};
  constexpr size_t kRoom = 256;
  auto* const begin = static_cast<u_char*>(ngx_pnalloc(r->pool, kRoom));
  if (begin == nullptr) return {};
  const u_char* const end = begin + kRoom;
  u_char* at = put_ns(begin, end, "auth", call.auth_ns);
  const Waiter::Times times = call.times();
  if (times.submitted != 0) {
    const uint64_t ended = times.ended != 0 ? times.ended : ngx_current_msec;
    at = put_ms(at, end, "queue", times.submitted, times.sent != 0 ? times.sent : ended);
    if (times.sent != 0) at = put_ms(at, end, "db", times.sent, ended);
  }
  if (format_ns != 0) at = put_ns(at, end, "format", format_ns);
  at = put_ns(at, end, "total", age_ns(r));
  return {reinterpret_cast<const char*>(begin), static_cast<size_t>(at - begin) - 2};  // without ", "
}

}  // namespace tablegate::ngx
