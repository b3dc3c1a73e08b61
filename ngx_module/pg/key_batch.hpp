// Point queries of one statement that are sent as one, over arrays of their values: the
// more keys a statement has, the less each of them costs PostgreSQL. To a Connection it is
// a query like others. Its rows are handed out by the number that each of them has, so no
// values are compared here. Owned by a Pool, which uses it again; it copies what it sends,
// so that any of its members may leave while it is in flight.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "pg/query.hpp"

namespace tablegate::pg {

class KeyBatch;

// Learns that a batch is over.
struct KeyBatchOwner {
  // It has no members any more.
  virtual void on_batch_end(KeyBatch& batch) noexcept = 0;
  // The result is not what was asked for: the members have to be sent one by one.
  virtual void on_batch_error(KeyBatch& batch) noexcept = 0;

 protected:
  ~KeyBatchOwner() = default;
};

class KeyBatch final : public Query {
 public:
  // From so many members on it takes less time than they take alone.
  static constexpr std::size_t kLeast = 6;

  // Whether the values are short enough to be sent with those of others: arrays are copies of them.
  static bool takes(const Query& query);

  explicit KeyBatch(KeyBatchOwner& owner) : owner_(owner) { is_batch_ = true; }

  // `members`: at least one, of an equal key, in no list and not in flight. Throws std::bad_alloc; then it
  // has none of them.
  void begin(const std::vector<Query*>& members);
  // The member gets no callback. Its last one ends the batch, unless that hands out its rows.
  void leave(Query& member);
  // Moves all members to `queries`, in order.
  void take_members(QueryList& queries);
  bool empty() const { return count_ == 0; }
  // It is over: gives memory back that only long values need.
  void rest() noexcept;
  bool delivers() const { return delivers_; }

  // Of whoever owns it.
  std::list<KeyBatch>::iterator self;

 private:
  std::string sql() const override { return first_->keys_sql(); }
  void parameter_types(std::vector<Oid>& types) const override { first_->keys_types(types); }
  void on_rows(const Cells& cells, bool last) noexcept override;
  void on_failure(const Failure& failure) noexcept override { (void)failure; }  // the pool asks the members

  bool read_places(const Cells& cells);
  void add_value(std::string& array, const char* value);

  KeyBatchOwner& owner_;
  const Query* first_ = nullptr;  // during begin() and Connection::send()
  std::vector<Query*> members_;   // null: it left
  std::size_t count_ = 0;
  bool delivers_ = false;
  std::vector<std::string> arrays_;
  std::vector<const char*> pointers_;
  std::vector<std::size_t> rows_;  // by member: 1 + the place of its row; 0: it has none
};

}  // namespace tablegate::pg
