// Flight, second part of two: equal requests share one statement. A request joins a flight that has the same
// API version, path and bound values, if the rows are not older than what it could get alone:
//   - the statement was not sent yet, and it waits in the share of the same caller; or
//   - it was sent at most a second ago, or what was known of its tables then is still current, and it is not
//     known that one has changed since: its rows are as new as those that a 304 may stand for.
// Rows that arrive in chunks have one taker, and a statement with a trace belongs to one request.
#include <algorithm>
#include <cstring>

#include "core/mix.hpp"
#include "ngx/flight.hpp"
#include "ngx/worker.hpp"

namespace tablegate::ngx {

namespace {

// How much is hashed; all of it is compared.
constexpr int kHashedValues = 16;
constexpr size_t kHashedBytes = 64;

}  // namespace

bool Flight::may_share() const {
  return api_->coalesces && delivery == pg::Delivery::whole && trace == nullptr && state_ == State::running;
}

bool Flight::has_same_statement(const Flight& other) const {
  if (api_ != other.api_ || !(key == other.key) || parameter_count != other.parameter_count) return false;
  for (int i = 0; i < parameter_count; ++i) {
    const char* const one = values[i];
    const char* const two = other.values[i];
    if (one == two) continue;
    if (one == nullptr || two == nullptr || std::strcmp(one, two) != 0) return false;
  }
  return true;
}

bool Flight::may_be_joined_by(const Flight& other) const {
  if (!has_same_statement(other)) return false;
  if (sent_ms == 0) return caller == other.caller;
  return stamped && generations()->still_holds(known_stamp_, sent_ms);
}

// Takes over the waiters of `from` whose deadline is later.
void Flight::move_waiters(Flight& from, uint64_t later_than_ms) {
  for (Waiter* waiter = from.waiters_; waiter != nullptr;) {
    Waiter* const next = waiter->next_;
    if (waiter->ends_ > later_than_ms) {
      (waiter->previous_ != nullptr ? waiter->previous_->next_ : from.waiters_) = next;
      if (next != nullptr) next->previous_ = waiter->previous_;
      waiter->previous_ = nullptr;
      link(*waiter);
    }
    waiter = next;
  }
}

// True: others get its rows too, and it is over.
bool Flight::join_another() {
  if (!may_share()) return false;
  Flight* const other = worker_.flights().joinable_.find_or_add(*this);
  if (other == nullptr) return false;
  for (Waiter* waiter = waiters_; waiter != nullptr; waiter = waiter->next_)
    waiter->came_ms_ = ngx_current_msec;
  other->move_waiters(*this, 0);
  give_back();
  return true;
}

// The deadline of the first one does not bind those who came later: the statement runs once more for them.
bool Flight::continues_for_others(const pg::Failure& failure) {
  using Kind = pg::Failure::Kind;
  if (failure.after_rows || (failure.kind != Kind::query_timeout && failure.kind != Kind::queue_full))
    return false;
  uint64_t last = 0;
  for (const Waiter* waiter = waiters_; waiter != nullptr; waiter = waiter->next_)
    last = std::max<uint64_t>(last, waiter->ends_);
  if (last <= deadline_ms || last <= ngx_current_msec) return false;
  // Those who fail get a flight of their own: any of them may make another waiter leave.
  Flights::Pointer taken;
  try {
    taken = worker_.flights().take(*api_);
  } catch (...) {  // no memory: all of them fail
    return false;
  }
  Flight& over = *taken.release();
  over.submitted_ms = submitted_ms;
  over.sent_ms = sent_ms;
  const uint64_t first_deadline = deadline_ms;
  over.move_waiters(*this, 0);
  move_waiters(over, first_deadline);
  deadline_ms = last;
  submitted_ms = sent_ms = 0;
  submit();
  over.fail(pg::slug_of(failure.kind));
  return true;
}

// ---- JoinableFlights

JoinableFlights::JoinableFlights(core::RandomBytes& random) {
  if (!random.take(reinterpret_cast<unsigned char*>(&seed_), sizeof seed_)) seed_ = 0;
}

uint64_t JoinableFlights::hash_of(const Flight& flight) const {
  uint64_t hash = core::mix(seed_ ^ pg::hash_of(flight.key));
  for (int i = 0; i < std::min(flight.parameter_count, kHashedValues); ++i) {
    const char* const value = flight.values[i];
    hash = value == nullptr ? core::mix(~hash) : core::mix({value, strnlen(value, kHashedBytes)}, hash);
  }
  return hash;
}

Flight* JoinableFlights::find_or_add(Flight& flight) {
  remove(flight);
  flight.hash_ = hash_of(flight);
  Flight*& chain = chains_[flight.hash_ % kChains];
  size_t length = 0;
  for (Flight* listed = chain; listed != nullptr; listed = listed->next_listed_) {
    if (listed->hash_ == flight.hash_ && listed->may_be_joined_by(flight)) return listed;
    ++length;
  }
  if (length >= kMostInChain) return nullptr;
  flight.next_listed_ = chain;
  flight.listed_ = true;
  chain = &flight;
  return nullptr;
}

void JoinableFlights::unlist(Flight& flight) {
  Flight** place = &chains_[flight.hash_ % kChains];
  while (*place != &flight) place = &(*place)->next_listed_;
  *place = flight.next_listed_;
  flight.next_listed_ = nullptr;
  flight.listed_ = false;
}

}  // namespace tablegate::ngx
