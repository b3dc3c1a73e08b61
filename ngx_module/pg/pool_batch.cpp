// Pool, fifth part of six: batches of point queries. Those of one turn of the event loop go to one
// connection and leave at the end of the turn under one Sync: the more are in a batch, the less each of them
// costs PostgreSQL and us. A turn ends as soon as its events are handled, so nothing waits when there is
// little to do. While one connection answers soon, the next batch waits for it rather than that two smaller
// ones run.
#include "pg/pool.hpp"

namespace tablegate::pg {
namespace {

constexpr uint64_t kSoonMs = 2;   // a batch that takes longer leaves the next one to another connection
constexpr uint64_t kLateMs = 20;  // and if it takes that long, another one is opened for it

}  // namespace

bool Pool::takes_batches(const Lane& lane, const Group& group) const {
  return config_.batch && lane.point && &group == &groups_[1];
}

// By what its batch is expected to take, and by what it has taken.
bool Pool::is_soon_free(const Lane& lane, uint64_t within_ms) const {
  return loop_.now_ms() - lane.sent_ms < within_ms && lane.cost_us < within_ms * 1000;
}

// Whether an idle connection of `lanes` may begin a batch beside those that run.
bool Pool::may_begin_batch(const Group& lanes, const Group& group) const {
  if (!config_.batch || &lanes != &groups_[1] || &group != &lanes) return true;
  if (group.waiting.size() >= kPointCap) return true;
  for (std::size_t i = lanes.first; i < lanes.first + lanes.count; ++i) {
    const Lane& lane = lanes_[i];
    if (is_usable(lane) && !lane.gathers && !lane.connection->idle() && is_soon_free(lane, kSoonMs))
      return false;
  }
  return true;
}

// Whether those that wait are worth another connection: they fill a batch, or all the open ones are late.
bool Pool::needs_another_lane(const Group& group) const {
  if (group.waiting.empty()) return false;
  bool late = true;
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    const Lane& lane = lanes_[i];
    if (!is_usable(lane)) continue;
    if (lane.gathers || lane.connection->idle()) return false;
    late = late && !is_soon_free(lane, kLateMs);
  }
  return late || group.waiting.size() >= kPointCap;
}

// What was sent on the lane leaves: at once, or with its batch at the end of the turn.
void Pool::leave(Lane& lane, const Group& group) {
  if (!takes_batches(lane, group) || lane.batch >= kPointCap) return end_batch(lane);
  if (lane.gathers) return;
  lane.gathers = true;
  turn_timer_->start(0);
}

void Pool::end_batch(Lane& lane) {
  lane.gathers = false;
  send_keys(lane);
  lane.connection->end_batch();
}

void Pool::end_turn() {
  while (Query* query = refused_.pop_front())
    fail_query(*query, Failure::Kind::queue_full, "", "too many queries are waiting");
  if (waiting_count() > 0) dispatch_all();
  const Group& points = groups_[1];
  for (std::size_t i = points.first; i < points.first + points.count; ++i) {
    if (lanes_[i].gathers) end_batch(lanes_[i]);
  }
  if (refused_.empty()) turn_timer_->stop();  // dispatch_all() may have begun a batch, which is ended now
}

// Who waits for a busy connection, while another one is idle or could be opened, is looked at again when the
// busy one is late.
void Pool::watch_lanes() {
  const Group& points = groups_[1];
  if (lanes_watched_ || !config_.batch || points.waiting.empty()) return;
  for (std::size_t i = points.first; i < points.first + points.count; ++i) {
    const Lane& lane = lanes_[i];
    if (lane.connection && !lane.connection->idle()) continue;
    lanes_watched_ = true;
    return lane_timer_->start(kSoonMs);
  }
}

// All that was sent on the connection is answered.
void Pool::measure_batch(Lane& lane) {
  if (lane.batch == 0) return;
  if (lane.point) groups_[1].pace.add_batch((loop_.now_ms() - lane.sent_ms) * 1000, lane.batch);
  lane.batch = 0;
}

}  // namespace tablegate::pg
