// Connection, fifth part of six: a statement whose caller has left is cancelled in the database. A cancel
// can hit the statement after the one that it was meant for, so nothing new is sent before the server has
// ended the request and every answer is in. A cancel that comes before its statement has begun is lost, so it
// is repeated.
#include <algorithm>

#include "pg/cancel_request.hpp"
#include "pg/connection.hpp"

namespace tablegate::pg {
namespace {

// Most statements end sooner, and a cancel costs a connection.
constexpr uint32_t kFirstWaitMs = 10;
constexpr uint32_t kLastWaitMs = 1000;

}  // namespace

bool Connection::runs_abandoned() const {
  for (const Operation& operation : operations_) {
    if (operation.kind == Operation::Kind::query) return operation.query == nullptr;
  }
  return false;
}

// Called whenever another statement may be at the head, or was abandoned.
void Connection::consider_cancel() {
  if (!runs_abandoned()) {
    cancel_wait_ms_ = 0;
    if (cancel_due_) cancel_timer_->stop();
    cancel_due_ = false;
    if (cancel_ && !cancel_->sent()) cancel_.reset();
    if (operations_.empty() && !cancel_) cancelled_ = false;
    return;
  }
  if (cancel_ || cancel_due_ || state_ != State::open || lost_ || broken_ || !key_.known()) return;
  cancel_due_ = true;
  cancel_wait_ms_ = std::clamp(cancel_wait_ms_ * 2, kFirstWaitMs, kLastWaitMs);
  cancel_timer_->start(cancel_wait_ms_);
}

void Connection::cancel() noexcept {
  cancel_due_ = false;
  if (state_ != State::open || lost_ || broken_ || !runs_abandoned()) return;
  try {
    CancelOwner& self = *this;  // a private base: make_unique does not see it
    cancel_ = std::make_unique<CancelRequest>(loop_, self);
    const bool tls = PQsslInUse(connection_.get()) == 1;
    if (cancel_->start(*dsn_, endpoint_, key_, tls, config_.connect_timeout_ms)) {
      cancelled_ = true;
      return update_idle();
    }
  } catch (...) {  // no memory: later
  }
  cancel_.reset();
  consider_cancel();
}

void Connection::on_cancel_end(CancelEnd end) noexcept {
  cancel_.reset();
  if (lost_ || broken_ || state_ != State::open) return;
  // It could hit whatever comes next: the session is given up.
  if (end == CancelEnd::unknown) return break_later("a cancel request was not answered");
  consider_cancel();
  update_idle();
  owner_.on_progress(*this);
}

void Connection::forget_cancel() {
  cancel_.reset();
  cancel_due_ = false;
  if (cancel_timer_) cancel_timer_->stop();
}

}  // namespace tablegate::pg
