#include "pg/waiting_line.hpp"

#include <algorithm>
#include <utility>

namespace tablegate::pg {
namespace {

constexpr uint32_t kUnknownUs = 1000;  // charged for a query whose cost is not known

uint64_t charge_of(uint32_t cost_us) {
  return cost_us == 0 ? kUnknownUs : cost_us;
}

}  // namespace

std::size_t WaitingLine::find(const Query& query) const {
  std::size_t place = 0;
  while (fair_ && place < pairs_.size() &&
         (pairs_[place].route != query.key.route || pairs_[place].caller != query.caller)) {
    ++place;
  }
  return place;
}

WaitingLine::Pair& WaitingLine::find_or_add(const Query& query) {
  if (const std::size_t place = find(query); place < pairs_.size()) {
    Pair& known = pairs_[place];
    if (known.waiting->empty()) known.start_us = std::max(known.start_us, now_us_);
    return known;
  }
  std::unique_ptr<QueryList> list;
  if (spare_.empty()) {
    list = std::make_unique<QueryList>();
    // All of them come here in the end: not the time to ask for memory.
    if (spare_.capacity() <= pairs_.size()) spare_.reserve(2 * pairs_.size() + 8);
  } else {
    list = std::move(spare_.back());
    spare_.pop_back();
  }
  // Just before those who are always there, of whom many may begin now.
  pairs_.push_back({query.caller, query.key.route, now_us_ - 1, 0, std::move(list)});
  return pairs_.back();
}

// Null: it was sent before.
WaitingLine::Pair* WaitingLine::pair_of(const Query& query) {
  if (query.list_ == &again_) return nullptr;
  for (Pair& pair : pairs_) {
    if (pair.waiting.get() == query.list_) return &pair;
  }
  return nullptr;
}

void WaitingLine::push(Query& query, uint32_t cost_us) {
  Pair& pair = find_or_add(query);
  pair.waiting->push_back(query);
  pair.work_us += charge_of(cost_us);
  query.line_ = this;
  query.cost_us_ = cost_us;
  work_us_ += cost_us;
  unknown_ += cost_us == 0 ? 1 : 0;
  ++size_;
}

void WaitingLine::push_again(Query& query) {
  again_.push_front(query);
  query.line_ = this;
  query.cost_us_ = 0;
  ++unknown_;
  ++size_;
}

void WaitingLine::prepend_again(QueryList& queries) {
  for (Query* query = queries.front(); query != nullptr; query = query->next_) {
    query->line_ = this;
    query->cost_us_ = 0;
    ++unknown_;
    ++size_;
  }
  again_.prepend(queries);
}

void WaitingLine::leave(Query& query) {
  query.list_->remove(query);
  query.line_ = nullptr;
  work_us_ -= query.cost_us_;
  unknown_ -= query.cost_us_ == 0 ? 1 : 0;
  --size_;
}

void WaitingLine::remove(Query& query) {
  if (Pair* pair = pair_of(query)) pair->work_us -= charge_of(query.cost_us_);
  leave(query);
  if (size_ == 0) forget_pairs();
}

Query* WaitingLine::next(bool newest, Except except, const Query* like, const Filter* filter) {
  if (!again_.empty()) return again_.front();
  const Pair* best = nullptr;
  for (const Pair& pair : pairs_) {
    if (except == Except::caller && pair.caller == like->caller) continue;
    if (except == Except::api && pair.route == like->key.route) continue;
    if (pair.waiting->empty() || (best != nullptr && pair.start_us >= best->start_us)) continue;
    const Query& candidate = newest ? *pair.waiting->back() : *pair.waiting->front();
    if (filter == nullptr || filter->takes(candidate)) best = &pair;
  }
  if (best == nullptr) return nullptr;
  return newest ? best->waiting->back() : best->waiting->front();
}

void WaitingLine::take(Query& query) {
  if (Pair* pair = pair_of(query)) {
    const uint64_t charge = charge_of(query.cost_us_);
    now_us_ = std::max(now_us_, pair->start_us);
    pair->start_us += charge * pairs_of(pair->caller);
    pair->work_us -= charge;
  }
  leave(query);
  if (size_ == 0) return forget_pairs();
  // One that nobody waits in and that is not ahead any more is like one that never was.
  for (std::size_t i = 0; i < pairs_.size();) {
    if (!pairs_[i].waiting->empty() || pairs_[i].start_us > now_us_) {
      ++i;
      continue;
    }
    spare_.push_back(std::move(pairs_[i].waiting));
    if (i + 1 < pairs_.size()) pairs_[i] = std::move(pairs_.back());
    pairs_.pop_back();
  }
}

// How many pairs of the caller wait: they share his part. Callers who are nobody are not one caller.
unsigned WaitingLine::pairs_of(uint64_t caller) const {
  if (caller == 0 || pairs_.size() == 1) return 1;
  unsigned count = 0;
  for (const Pair& pair : pairs_) count += pair.caller == caller && !pair.waiting->empty() ? 1 : 0;
  return std::max(count, 1U);
}

// The pair whose queries would all be done last; `own` counts as ending at `own_end`.
const WaitingLine::Pair* WaitingLine::furthest(const Pair* own, uint64_t own_end) const {
  const Pair* last = own;
  uint64_t end = own_end;
  for (const Pair& pair : pairs_) {
    if (&pair == own || pair.waiting->empty() || pair.start_us + pair.work_us <= end) continue;
    last = &pair;
    end = pair.start_us + pair.work_us;
  }
  return last;
}

Query* WaitingLine::last(const Query& query, uint32_t cost_us, bool newest) const {
  const std::size_t place = find(query);
  const Pair* own = place < pairs_.size() ? &pairs_[place] : nullptr;
  const uint64_t begin = own == nullptr ? now_us_ - 1 : std::max(now_us_, own->start_us) + own->work_us;
  const Pair* last = furthest(own, begin + charge_of(cost_us));
  if (last == nullptr || last->waiting->empty()) return nullptr;
  // The order of service decides who of them has waited in vain.
  if (newest) return last->waiting->front();
  return last == own ? nullptr : last->waiting->back();
}

Query* WaitingLine::pop() {
  Query* query = again_.front();
  for (std::size_t i = 0; query == nullptr && i < pairs_.size(); ++i) query = pairs_[i].waiting->front();
  if (query != nullptr) remove(*query);
  return query;
}

void WaitingLine::forget_pairs() {
  for (Pair& pair : pairs_) spare_.push_back(std::move(pair.waiting));
  pairs_.clear();
  now_us_ = kBeginUs;
}

}  // namespace tablegate::pg
