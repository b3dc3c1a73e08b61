// The prepared statements of one connection: name by key, up to a capacity. Once it is full, an API that has
// less than its share takes a place from one that has more, and a statement takes the place of another one of
// its API only if it is used more often, or if no other connection has it prepared and another one has the
// other: a caller who varies optional parameters costs the others nothing. Owned by a Connection, lives as
// long as it does. Knows nothing of libpq: it says which name to DEALLOCATE, the connection sends that. An
// entry that queries in flight use is never given up for deallocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/mix.hpp"
#include "pg/query.hpp"

namespace tablegate::pg {

struct Statement {
  StatementKey key;
  std::string path;      // what key.path points to
  std::string name;      // unique on the connection, never used twice
  std::size_t size = 0;  // of its text, in bytes
  unsigned users = 0;    // operations in flight that need it
  unsigned uses = 0;     // how often it was found lately
  bool forgotten = false;
  bool copy = false;     // another connection had it prepared, too, when it was added
  bool exists = false;   // its own prepare came back OK
  std::string sqlstate;  // its own prepare failed: why, for those that were sent behind it
  std::string message;
  std::list<Statement>::iterator self;
};

class StatementCache {
 public:
  static constexpr std::size_t kCapacity = 512;
  // Of a connection that many queries share: there are few of them, and all wait while one statement is
  // parsed.
  static constexpr std::size_t kSharedCapacity = 1024;
  // What the texts of the statements may have for each place, in bytes. PostgreSQL keeps about 50 bytes for a
  // byte of text, and the lists of a caller make texts of up to 1 MiB.
  static constexpr std::size_t kPlaceSize = 8192;

  explicit StatementCache(std::size_t capacity = kCapacity) : capacity_(capacity) {}

  // The statement for `key` (now the most recently used), or null.
  Statement* find(const StatementKey& key);
  // The same without counting as a use.
  bool has(const StatementKey& key) const { return by_key_.find(key) != by_key_.end(); }
  // A new one for `key`, which must not be there and is copied whole. Makes room first: see take_doomed().
  // `elsewhere`: another connection that it could be sent on has prepared it. `size`: of its text, in bytes.
  // Null: it is not worth a place; send it without preparing it.
  Statement* add(const StatementKey& key, bool elsewhere, std::size_t size);
  // From now on find() does not see it. It goes when its last user does; then, if `deallocate`,
  // its name is doomed.
  void forget(Statement& statement, bool deallocate);
  void use(Statement& statement) { ++statement.users; }
  // May destroy the statement when it was forgotten.
  void release(Statement& statement);
  // A name to DEALLOCATE, removed from the list; empty when there is none.
  std::string take_doomed();
  std::size_t size() const { return by_key_.size(); }
  // At least half of the places are taken.
  bool is_crowded() const { return by_key_.size() >= capacity_ / 2; }
  bool is_full() const { return by_key_.size() >= capacity_; }

 private:
  struct Hash {
    std::size_t operator()(const StatementKey& key) const { return static_cast<std::size_t>(hash_of(key)); }
  };

  static constexpr std::size_t kRare =
      4096;  // places to count statements without a place, and uses between agings

  bool has_room(std::size_t size) const;
  unsigned count_rare(const StatementKey& key);
  std::size_t of_route(uint64_t route) const;
  enum class Whose : uint8_t { own, copies, over_share, any };
  Statement* least_used(Whose whose, uint64_t route, std::size_t share = 0);
  Statement* victim_of(const StatementKey& key, bool elsewhere);
  void age();

  const std::size_t capacity_;
  std::list<Statement> used_;       // most recently used first
  std::list<Statement> forgotten_;  // still used by something in flight
  std::unordered_map<StatementKey, Statement*, Hash> by_key_;
  std::unordered_map<uint64_t, std::size_t> of_route_;  // how many statements each API has
  std::vector<uint8_t> rare_;                           // by hash; empty until the cache was full once
  std::size_t size_ = 0;                                // of the texts of by_key_, in bytes
  std::size_t copies_ = 0;                              // how many of by_key_ are copies
  std::size_t uses_ = 0;                                // since the last aging
  std::vector<std::string> doomed_;
  uint64_t next_name_ = 0;
};

}  // namespace tablegate::pg
