// Pool, second part of six: who may wait. A query that could not be done before its deadline takes no
// place: it fails at once, and what runs is worth running. A queue that has stood long is kept short, the
// newest first, so that those who are answered are answered soon (as CoDel, RFC 8289, does with packets). Who
// has to leave is decided by fair shares (WaitingLine).
#include <algorithm>

#include "pg/pool.hpp"

namespace tablegate::pg {
namespace {

constexpr uint64_t kMomentMs = 50;     // a queue of less than that, or than two queries take, is none
constexpr uint64_t kStandingMs = 500;  // a queue that was never shorter for this long has stood too long

uint64_t moment_ms(const Pace& pace) {
  return std::max<uint64_t>(kMomentMs, pace.mean_us() / 500);
}

constexpr uint32_t kLongUs = 500000;   // of a statement that others should not have to wait for
constexpr uint64_t kRecentMs = 10000;  // one who called within that time may call again

// An estimate is a mean: a little more is needed to be done in time.
uint64_t needed_us(uint32_t cost_us) {
  return cost_us + uint64_t{cost_us} / 8;
}

}  // namespace

// What a query is expected to need of a connection, in us; 0: not known.
uint32_t Pool::cost_of(const Group& group, const Query& query) const {
  if (query.deadline_ms == 0) return 1;  // the gateway's own: next to nothing
  if (&group == &groups_[1]) return group.pace.mean_us();
  return group.pace.of(query.key);
}

std::size_t Pool::usable_lanes(const Group& group) const {
  std::size_t count = 0;
  for (std::size_t i = group.first; i < group.first + group.count; ++i) count += is_usable(lanes_[i]) ? 1 : 0;
  return count;
}

bool Pool::can_open_lane(const Group& group) const {
  if (backing_off_) return false;
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    if (!lanes_[i].connection) return true;
  }
  return false;
}

// How long the group's connections are expected to be busy with what they run: all of them together, or
// (`first`) the one that will be free first.
uint64_t Pool::busy_us(const Group& group, bool first) const {
  const uint64_t now = loop_.now_ms();
  uint64_t sum = 0;
  uint64_t least = UINT64_MAX;
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    const Lane& lane = lanes_[i];
    if (!is_usable(lane)) continue;
    const uint64_t spent = (now - std::min(now, lane.sent_ms)) * 1000;
    const uint64_t left = !lane.connection->idle() && lane.cost_us > spent ? lane.cost_us - spent : 0;
    sum += left;
    least = std::min(least, left);
  }
  return first ? (least == UINT64_MAX ? 0 : least) : sum;
}

// Whether it could be done in time if it were the next.
bool Pool::can_be_done(const Group& group, uint32_t cost_us, uint64_t left_ms) const {
  return busy_us(group, true) + needed_us(cost_us) <= left_ms * 1000;
}

bool Pool::has_place(const Group& group, uint32_t cost_us, uint64_t left_ms) const {
  const std::size_t lanes = std::max<std::size_t>(1, usable_lanes(group));
  const std::size_t waiting = group.waiting.size();
  uint64_t room_us = left_ms * 1000 - needed_us(cost_us);
  if (group.standing) {
    if (waiting < lanes) return true;  // else a connection could run out of work
    room_us = std::min(room_us / 2, moment_ms(group.pace) * 1000);
  }
  return (busy_us(group, false) + group.waiting.work_us(group.pace.mean_us())) / lanes <= room_us;
}

// Lets the query wait. Others may have to leave for it. False: it has no place.
bool Pool::admit(Group& group, Query& query) {
  const uint64_t now = loop_.now_ms();
  if (group.waiting.empty()) group.calm_ms = now;
  if (group.standing && now - group.refused_ms > kStandingMs) group.standing = false;
  const uint32_t cost = cost_of(group, query);
  const uint64_t left = query.deadline_ms > now ? query.deadline_ms - now : 0;
  // While nothing has been measured, and where it can begin as soon as a connection is open, there is no
  // judging.
  const bool judged = query.deadline_ms != 0 && group.pace.mean_us() != 0 && !can_open_lane(group);
  if (judged && !can_be_done(group, cost, left)) {
    group.refused_ms = now;
    return false;
  }
  // One may always wait: without that no connection would ever be opened for it.
  const std::size_t places = std::max(1U, config_.queue);
  while (group.waiting.size() + group.retry.size() >= places || (judged && !has_place(group, cost, left))) {
    group.refused_ms = now;
    Query* last = group.waiting.last(query, cost, group.standing);
    if (last == nullptr) return false;
    refuse_later(group, *last);
  }
  group.waiting.push(query, cost);
  return true;
}

// Who is sent next, or null. Those for whom it is too late leave. `ahead_us`: what was sent before in the
// same batch.
Query* Pool::next_waiting(Group& group, const Lane& lane, uint64_t ahead_us) {
  const uint64_t begins_us = loop_.now_ms() * 1000 + ahead_us;
  for (;;) {
    Query* query = group.waiting.next(group.standing, WaitingLine::Except::nobody, nullptr, this);
    // One that was sent before continues.
    if (query != nullptr && query->sent_ms == 0) {
      const WaitingLine::Except except = holds_rest(group, *query);
      if (except != WaitingLine::Except::nobody)
        query = group.waiting.next(group.standing, except, query, this);
      if (query != nullptr && query->sent_ms == 0) query = &prefer_prepared(group, lane, *query);
    }
    if (query == nullptr || query->deadline_ms == 0) return query;
    if (begins_us + needed_us(cost_of(group, *query)) <= query->deadline_ms * 1000) return query;
    refuse_later(group, *query);
  }
}

// Called when a batch has all that it takes: what is sent with it does not wait any more. How long the one
// that is sent has waited does not count: a caller who calls seldom never waits long.
void Pool::watch_queue(Group& group) {
  const uint64_t now = loop_.now_ms();
  const std::size_t lanes = std::max<std::size_t>(1, usable_lanes(group));
  const uint64_t left_us = group.waiting.work_us(group.pace.mean_us()) / lanes;
  if (group.waiting.empty() || left_us < moment_ms(group.pace) * 1000) group.calm_ms = now;
  const uint64_t patience = std::max(kStandingMs, 2 * moment_ms(group.pace));
  if (group.standing || now - group.calm_ms <= patience) return;
  group.standing = true;
  group.refused_ms = now;
}

void Pool::Recent::note(uint64_t key, uint64_t now_ms) {
  if (key != keys[0]) {
    keys[1] = keys[0];
    seen_ms[1] = seen_ms[0];
    keys[0] = key;
  }
  seen_ms[0] = now_ms;
}

bool Pool::Recent::has_other(uint64_t key, uint64_t now_ms) const {
  for (int i = 0; i < 2; ++i) {
    if (keys[i] != key && seen_ms[i] != 0 && now_ms - seen_ms[i] < kRecentMs) return true;
  }
  return false;
}

// Whether the query would take the last exclusive connection for long, while its caller, or its API, has all
// the others already: then that one is kept free, if there are other callers, or APIs.
WaitingLine::Except Pool::holds_rest(const Group& group, const Query& query) const {
  using Except = WaitingLine::Except;
  if (!config_.fair || &group == &groups_[1] || group.count < 2 || cost_of(group, query) < kLongUs)
    return Except::nobody;
  std::size_t of_caller = 0;
  std::size_t of_api = 0;
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    const Lane& lane = lanes_[i];
    if (!is_usable(lane) || lane.connection->idle()) continue;
    of_caller += query.caller != 0 && lane.caller == query.caller ? 1 : 0;
    of_api += lane.route == query.key.route ? 1 : 0;
  }
  const uint64_t now = loop_.now_ms();
  if (of_caller + 1 >= group.count && group.callers.has_other(query.caller, now)) return Except::caller;
  if (of_api + 1 >= group.count && group.apis.has_other(query.key.route, now)) return Except::api;
  return Except::nobody;
}

Pace::Size Pool::size_of(const Group& group, const Query& query) const {
  if (query.delivery != Delivery::chunks) return Pace::Size::small;
  return group.pace.size_of(query.key, loop_.now_ms());
}

// Whether the query may be sent now. Connections whose rows wait for their taker, or may have to, are at most
// half. Of a statement that has not run lately no more are sent than that; one at a time is sent beyond it,
// so that it becomes known.
bool Pool::takes(const Query& query) const {
  if (query.delivery != Delivery::chunks) return true;
  const Group& group = groups_[number_of(query)];
  const Pace::Size size = size_of(group, query);
  if (size == Pace::Size::small) return true;
  std::size_t held = 0;
  std::size_t unknown = 0;
  std::size_t same = 0;
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    const Lane& lane = lanes_[i];
    if (!is_usable(lane) || lane.connection->idle()) continue;
    if (lane.size == Pace::Size::large || lane.connection->paused()) {
      ++held;
    } else if (lane.size == Pace::Size::unknown) {
      ++unknown;
      same += lane.route == query.key.route ? 1 : 0;
    }
  }
  const std::size_t most = std::max<std::size_t>(1, group.count / 2);
  if (size == Pace::Size::large) return held < most;
  return held + same < most || (unknown == 0 && held + 1 < group.count);
}

// Within a caller's submit() nothing of another caller is touched.
void Pool::refuse_later(Group& group, Query& query) {
  group.refused_ms = loop_.now_ms();
  group.waiting.remove(query);
  refused_.push_back(query);
  turn_timer_->start(0);
}

// What an exclusive connection needed for a caller's query. Rows that had to wait for their taker say
// nothing.
void Pool::on_answer(const Query& query) noexcept {
  Group& group = group_of(query);
  if (&group == &groups_[1] || query.held_ || query.deadline_ms == 0) return;
  group.pace.add(query.key, (loop_.now_ms() - query.sent_ms) * 1000);
}

void Pool::measure_abandoned(const Query& query) {
  Group& group = group_of(query);
  if (&group == &groups_[1] || query.held_ || query.deadline_ms == 0) return;
  group.pace.add_at_least(query.key, (loop_.now_ms() - query.sent_ms) * 1000);
}

}  // namespace tablegate::pg
