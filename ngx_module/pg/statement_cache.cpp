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

// How many statements the API has.
std::size_t StatementCache::of_route(uint64_t route) const {
  const auto own = of_route_.find(route);
  return own == of_route_.end() ? 0 : own->second;
}

// The least recently used of some statements: of the API, those of it that are copies, of the APIs that have
// more than `share`, or any. Null: there is none, or all are in use.
Statement* StatementCache::least_used(Whose whose, uint64_t route, std::size_t share) {
  for (auto statement = used_.rbegin(); statement != used_.rend(); ++statement) {
    if (statement->users > 0) continue;
    const bool own = statement->key.route == route;
    if (whose == Whose::any || (whose == Whose::own && own) ||
        (whose == Whose::copies && own && statement->copy) ||
        (whose == Whose::over_share && of_route(statement->key.route) > share))
      return &*statement;
  }
  return nullptr;
}

// Whose place a statement may take that has none. Null: there is none.
Statement* StatementCache::victim_of(const StatementKey& key, bool elsewhere) {
  const unsigned seen = count_rare(key);
  const std::size_t mine = of_route(key.route);
  const std::size_t share = std::max<std::size_t>(1, capacity_ / (of_route_.size() + (mine == 0 ? 1 : 0)));
  if (mine < share) {
    if (Statement* other = least_used(Whose::over_share, key.route, share)) return other;
  }
  if (!elsewhere && copies_ > 0) {
    if (Statement* copy = least_used(Whose::copies, key.route)) return copy;
  }
  Statement* victim = least_used(mine == 0 ? Whose::any : Whose::own, key.route);
  if (victim == nullptr) return nullptr;
  // Twice: or statements that are used alike would take turns. A copy is worth less.
  const unsigned needed = elsewhere ? 4 * victim->uses + 8 : 2 * victim->uses + 1;
  return seen > needed ? victim : nullptr;
}

bool StatementCache::has_room(std::size_t size) const {
  return !is_full() && size_ + size <= capacity_ * kPlaceSize;
}

Statement* StatementCache::add(const StatementKey& key, bool elsewhere, std::size_t size) {
  if (!has_room(size)) {
    Statement* victim = victim_of(key, elsewhere);
    if (victim == nullptr) return nullptr;
    forget(*victim, true);
    // The next statement takes the next place, until there is room for it.
    if (!has_room(size)) return nullptr;
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
  statement.size = size;
  size_ += size;
  statement.copy = elsewhere;
  copies_ += elsewhere ? 1 : 0;
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
  size_ -= statement.size;
  copies_ -= statement.copy ? 1 : 0;
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
