#include "pg/statement_cache.hpp"

#include <cassert>
#include <utility>

namespace tablegate::pg {

Statement* StatementCache::find(const StatementKey& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  used_.splice(used_.begin(), used_, found->second->self);
  return found->second;
}

Statement& StatementCache::add(const StatementKey& key) {
  if (by_key_.size() >= kCapacity) evict_one();
  used_.emplace_front();
  Statement& statement = used_.front();
  statement.self = used_.begin();
  statement.key = key;
  statement.path = key.path.more;
  statement.key.path.more = statement.path;
  // Never reused: a late answer about an old statement must not be taken for one about this.
  statement.name = "tg_" + std::to_string(++next_name_);
  by_key_.emplace(statement.key, &statement);
  return statement;
}

void StatementCache::forget(Statement& statement, bool deallocate) {
  if (statement.forgotten) {
    // The database does not have it after all (26000 after a first 0A000).
    if (!deallocate) statement.exists = false;
    return;
  }
  by_key_.erase(statement.key);
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

void StatementCache::evict_one() {
  for (auto statement = used_.rbegin(); statement != used_.rend(); ++statement) {
    if (statement->users > 0) continue;
    forget(*statement, true);
    return;
  }
  // All in use: only with more queries in flight than kCapacity. The list is then a
  // little longer for a while rather than wrong.
}

}  // namespace tablegate::pg
