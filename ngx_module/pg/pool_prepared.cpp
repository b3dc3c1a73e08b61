// Pool, fourth part of six: which connection a statement is sent on, so that it is already prepared there. A
// caller who varies optional parameters has more combinations than one connection has places for. The
// connections of a group have places for more together, if they do not all prepare the same ones. Nothing of
// this happens, and nothing is looked up, while a connection has less than half of its places taken.
#include "pg/pool.hpp"

namespace tablegate::pg {
namespace {

constexpr std::size_t kParseWorth = 2;  // queries in flight that take as long as parsing and planning one
constexpr unsigned kMostLanes = 16;     // connections that are looked at
constexpr unsigned kLook = 8;           // waiting queries that are looked at
constexpr uint8_t kPassed = 8;          // how many queries may pass one that is not prepared
constexpr uint64_t kPassedMs = 250;     // a query that has waited for that long is not passed any more
constexpr uint32_t kShortUs = 2000;     // a statement that takes longer gains little from being prepared

}  // namespace

// `first` is free. Another one that is not busier is better if it has the statement prepared, or else if it
// has room for it.
Pool::Lane* Pool::pick_prepared(const Group& lanes, const Group& group, Lane& first, const Query& query) {
  if (first.connection->has_prepared(query)) return &first;
  const std::size_t most = first.connection->in_flight() + kParseWorth;
  Lane* roomy = first.connection->has_place() ? &first : nullptr;
  unsigned looked = 0;
  for (std::size_t i = lanes.first; i < lanes.first + lanes.count && looked < kMostLanes; ++i) {
    Lane& lane = lanes_[i];
    if (!is_usable(lane) || !has_room(lane, group) || lane.connection->in_flight() > most) continue;
    ++looked;
    if (lane.connection->has_prepared(query)) return &lane;
    if (roomy == nullptr && lane.connection->has_place()) roomy = &lane;
  }
  return roomy != nullptr ? roomy : &first;
}

// What a free exclusive connection takes: `first`, or one of the next few of the same caller and API that it
// has prepared.
Query& Pool::prefer_prepared(const Group& group, const Lane& lane, Query& first) const {
  const Connection& connection = *lane.connection;
  if (&group == &groups_[1] || !connection.is_crowded() || first.passed_ >= kPassed) return first;
  if (connection.has_prepared(first) || group.pace.of(first.key) > kShortUs) return first;
  if (loop_.now_ms() - first.submitted_ms >= kPassedMs) return first;
  Query* other = &first;
  for (unsigned looked = 0; looked < kLook; ++looked) {
    other = group.standing ? other->previous_ : other->next_;
    if (other == nullptr) break;
    if (!connection.has_prepared(*other) || group.pace.of(other->key) > kShortUs || !takes(*other)) continue;
    ++first.passed_;
    return *other;
  }
  return first;
}

bool Pool::is_prepared_elsewhere(const Connection& connection, const Query& query) noexcept {
  const Lane* own = lane_of(connection);
  unsigned looked = 0;
  for (const Lane& lane : lanes_) {
    if (own == nullptr || &lane == own || lane.point != own->point || !is_usable(lane)) continue;
    if (lane.connection->has_prepared(query)) return true;
    if (++looked == kMostLanes) break;
  }
  return false;
}

}  // namespace tablegate::pg
