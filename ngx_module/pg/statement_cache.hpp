// The prepared statements of one connection: name by key, least recently used first out,
// at most kCapacity. Owned by a Connection, lives as long as it does. Knows
// nothing of libpq: it says which name to DEALLOCATE, the connection sends that.
// An entry that queries in flight use is never given up for deallocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "pg/query.hpp"

namespace tablegate::pg {

struct Statement {
  StatementKey key;
  std::string path;    // what key.path points to
  std::string name;    // unique on the connection, never used twice
  unsigned users = 0;  // operations in flight that need it
  bool forgotten = false;
  bool exists = false;   // its own prepare came back OK
  std::string sqlstate;  // its own prepare failed: why, for those that were sent behind it
  std::string message;
  std::list<Statement>::iterator self;
};

class StatementCache {
 public:
  static constexpr std::size_t kCapacity = 256;

  // The statement for `key` (now the most recently used), or null.
  Statement* find(const StatementKey& key);
  // A new one for `key`, which must not be there and is copied whole. Makes room first: see take_doomed().
  Statement& add(const StatementKey& key);
  // From now on find() does not see it. It goes when its last user does; then, if `deallocate`,
  // its name is doomed.
  void forget(Statement& statement, bool deallocate);
  void use(Statement& statement) { ++statement.users; }
  // May destroy the statement when it was forgotten.
  void release(Statement& statement);
  // A name to DEALLOCATE, removed from the list; empty when there is none.
  std::string take_doomed();
  std::size_t size() const { return by_key_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const StatementKey& key) const { return static_cast<std::size_t>(hash_of(key)); }
  };

  void evict_one();

  std::list<Statement> used_;       // most recently used first
  std::list<Statement> forgotten_;  // still used by something in flight
  std::unordered_map<StatementKey, Statement*, Hash> by_key_;
  std::vector<std::string> doomed_;
  uint64_t next_name_ = 0;
};

}  // namespace tablegate::pg
