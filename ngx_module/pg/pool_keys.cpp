// Pool, sixth part of six: point queries of one statement that leave in the same batch go as one statement
// over their keys (KeyBatch). Where it fails, each of them is sent alone, so that an error is only its own.
#include <algorithm>

#include "pg/pool.hpp"

namespace tablegate::pg {

// Whether the query waits for the end of the batch, so that others may join it in one statement.
bool Pool::gathers_keys(const Lane& lane, const Group& group, const Query& query) const {
  return query.by_keys && !query.alone_ && !query.isolated_ && config_.prepare &&
         takes_batches(lane, group) && KeyBatch::takes(query);
}

// At the end of a batch. What cannot be sent, because the connection broke, waits for another one.
void Pool::send_keys(Lane& lane) {
  bool good = true;
  while (!lane.keys.empty()) {
    try {
      gathered_.clear();
      gathered_.reserve(kPointCap);
      const Query& first = *lane.keys.front();
      for (Query* query = lane.keys.front(); query != nullptr; query = query->next_) {
        const bool same = query->parameter_count == first.parameter_count && query->key == first.key;
        if (same) gathered_.push_back(query);
      }
    } catch (...) {  // no memory: one by one
      gathered_.clear();
    }
    const bool together = good && gathered_.size() >= KeyBatch::kLeast;
    if (together && send_together(lane)) continue;
    Query& query = *lane.keys.pop_front();
    if (good && lane.connection->send(query)) continue;
    good = false;
    retry_on_new(query);
  }
}

// False: they are where they were.
bool Pool::send_together(Lane& lane) {
  try {
    if (idle_batches_.empty()) {
      idle_batches_.emplace_front(static_cast<KeyBatchOwner&>(*this));
      idle_batches_.front().self = idle_batches_.begin();
    }
    idle_batches_.front().begin(gathered_);
  } catch (...) {  // no memory
    return false;
  }
  KeyBatch& batch = idle_batches_.front();
  busy_batches_.splice(busy_batches_.begin(), idle_batches_, batch.self);
  for (Query* query : gathered_) lane.keys.remove(*query);
  totals_.together += gathered_.size();
  if (!lane.connection->send(batch)) retry_on_new(batch);
  return true;
}

void Pool::on_batch_end(KeyBatch& batch) noexcept {
  batch.rest();
  idle_batches_.splice(idle_batches_.begin(), busy_batches_, batch.self);
}

void Pool::on_batch_error(KeyBatch& batch) noexcept {
  send_alone(batch);
}

// Its members wait again, before all others.
void Pool::send_alone(KeyBatch& batch) {
  QueryList members;
  batch.take_members(members);
  on_batch_end(batch);
  while (Query* query = members.pop_front()) {
    query->alone_ = true;
    ++totals_.retries;
    group_of(*query).waiting.push_again(*query);
  }
  if (!groups_[1].waiting.empty()) turn_timer_->start(0);
}

void Pool::leave_batch(Query& query) {
  KeyBatch& batch = *query.batch_;
  batch.leave(query);
  if (!batch.empty() || batch.delivers()) return;
  abandon(batch);
  on_batch_end(batch);
}

// What waits for the end of a batch on a connection that is gone.
void Pool::forget_keys(Lane& lane) {
  if (lane.keys.empty()) return;
  while (Query* query = lane.keys.pop_front()) groups_[1].waiting.push_again(*query);
  turn_timer_->start(0);
}

// The pool is closed: their members are abandoned.
void Pool::forget_batches() {
  while (!busy_batches_.empty()) {
    QueryList members;
    busy_batches_.front().take_members(members);
    while (members.pop_front() != nullptr) continue;
    on_batch_end(busy_batches_.front());
  }
}

}  // namespace tablegate::pg
