#include "pg/statement_cache.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tablegate::pg {

Statement* StatementCache::find(const StatementKey& key) {
  if (++uses_ >= kRare) age();
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  used_.splice(used_.begin(), used_, found->second->self);
  ++found->second->uses;
  return found->second;
}

// What was used long ago counts less and less.
void StatementCache::age() {
  uses_ = 0;
  for (Statement& statement : used_) statement.uses /= 2;
  for (uint8_t& count : rare_) count /= 2;
}

// How often the statement was sent lately, or one of the few that share its place.
unsigned StatementCache::count_rare(const StatementKey& key) {
  if (rare_.empty()) rare_.resize(kRare);
  uint8_t& count = rare_[core::mix(hash_of(key)) % kRare];
  if (count < UINT8_MAX) ++count;
  return count;
}

// The least recently used statement of the API, or (`of_others`) of one that has more than its share. Null:
// there is none, or all are in use.
Statement* StatementCache::least_used(uint64_t route, bool of_others, std::size_t share) {
  for (auto statement = used_.rbegin(); statement != used_.rend(); ++statement) {
    if (statement->users > 0) continue;
    const uint64_t owner = statement->key.route;
    if (of_others ? of_route_[owner] > share : owner == route) return &*statement;
  }
  return nullptr;
}

// Whose place a statement may take that has none. Null: there is none.
Statement* StatementCache::make_room(const StatementKey& key) {
  const unsigned seen = count_rare(key);
  const auto own = of_route_.find(key.route);
  const std::size_t mine = own == of_route_.end() ? 0 : own->second;
  const std::size_t share = std::max<std::size_t>(1, kCapacity / (of_route_.size() + (mine == 0 ? 1 : 0)));
  if (mine < share) {
    if (Statement* other = least_used(key.route, true, share)) return other;
  }
  Statement* victim = mine == 0 ? least_used(key.route, true, 0) : least_used(key.route, false, 0);
  // Twice: or statements that are used alike would take turns.
  return victim != nullptr && seen > 2 * victim->uses + 1 ? victim : nullptr;
}

Statement* StatementCache::add(const StatementKey& key) {
  if (by_key_.size() >= kCapacity) {
    Statement* victim = make_room(key);
    if (victim == nullptr) return nullptr;
    forget(*victim, true);
  }
  used_.emplace_front();
  Statement& statement = used_.front();
  statement.self = used_.begin();
  statement.key = key;
  statement.path = key.path.more;
  statement.key.path.more = statement.path;
  // Never reused: a late answer about an old statement must not be taken for one about this.
  statement.name = "tg_" + std::to_string(++next_name_);
  statement.uses = rare_.empty() ? 1 : rare_[core::mix(hash_of(key)) % kRare] + 1U;
  by_key_.emplace(statement.key, &statement);
  ++of_route_[key.route];
  return &statement;
}

void StatementCache::forget(Statement& statement, bool deallocate) {
  if (statement.forgotten) {
    // The database does not have it after all (26000 after a first 0A000).
    if (!deallocate) statement.exists = false;
    return;
  }
  by_key_.erase(statement.key);
  const auto own = of_route_.find(statement.key.route);
  if (--own->second == 0) of_route_.erase(own);
  forgotten_.splice(forgotten_.begin(), used_, statement.self);
  statement.forgotten = true;
  if (!deallocate) statement.exists = false;
  ++statement.users;
  release(statement);
}

void StatementCache::release(Statement& statement) {
  assert(statement.users > 0);
  if (--statement.users > 0 || !statement.forgotten) return;
  if (statement.exists) doomed_.push_back(std::move(statement.name));
  forgotten_.erase(statement.self);
}

std::string StatementCache::take_doomed() {
  if (doomed_.empty()) return {};
  std::string name = std::move(doomed_.back());
  doomed_.pop_back();
  return name;
}

}  // namespace tablegate::pg
