// The queries of one kind that wait for a connection, in fair shares: each pair of caller and API has a queue
// of its own, and the pair that was served least is next (start-time fair queueing: Goyal, Vin, Cheng,
// SIGCOMM 1996). The APIs of one caller share his part. A caller who was not there lately comes before those
// who are always there. Never owns a query. Linear in the pairs that wait; allocates only when more pairs
// wait than ever before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "pg/query.hpp"

namespace tablegate::pg {

class WaitingLine {
 public:
  // Not `fair`: one queue for all.
  explicit WaitingLine(bool fair) : fair_(fair) {}

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // The time that a connection needs for all of them, in us. `mean_us`: of those whose cost is not known.
  uint64_t work_us(uint32_t mean_us) const { return work_us_ + uint64_t{mean_us} * unknown_; }

  // `cost_us`: what the query is expected to need; 0: not known.
  void push(Query& query, uint32_t cost_us);
  // It was sent before: comes before all others, and is not charged once more.
  void push_again(Query& query);
  void prepend_again(QueryList& queries);  // all of them, in order
  void remove(Query& query);               // waits here

  // Whose queries next() passes over: those of the same caller, or of the same API, as a query.
  enum class Except : uint8_t { nobody, caller, api };
  // Who may be next: the line passes over the others.
  struct Filter {
    virtual bool takes(const Query& query) const = 0;

   protected:
    ~Filter() = default;
  };

  // Who is next, or null. `newest`: the newest of its pair, else the oldest. `like` is looked at where there
  // is an exception.
  Query* next(bool newest, Except except = Except::nobody, const Query* like = nullptr,
              const Filter* filter = nullptr);
  // Removes what next() returned and charges its pair.
  void take(Query& query);
  // Who has to leave so that `query`, which does not wait yet, finds room: of the pair that is furthest
  // ahead. Null: that is `query` itself. `newest` as in next().
  Query* last(const Query& query, uint32_t cost_us, bool newest) const;
  // Removes any query; null when there is none.
  Query* pop();

 private:
  // A pair of caller and API. Kept while somebody waits, or while it is ahead of the others.
  struct Pair {
    uint64_t caller = 0;
    uint64_t route = 0;
    uint64_t start_us = 0;  // virtual time at which its next query begins
    uint64_t work_us = 0;   // of its waiting queries
    std::unique_ptr<QueryList> waiting;
  };

  std::size_t find(const Query& query) const;  // its place in pairs_, or pairs_.size()
  Pair& find_or_add(const Query& query);
  Pair* pair_of(const Query& query);
  const Pair* furthest(const Pair* own, uint64_t own_end) const;
  unsigned pairs_of(uint64_t caller) const;
  void leave(Query& query);
  void forget_pairs();

  const bool fair_;
  std::size_t size_ = 0;
  std::size_t unknown_ = 0;
  uint64_t work_us_ = 0;
  static constexpr uint64_t kBeginUs = 1;
  uint64_t now_us_ = kBeginUs;  // virtual time: the start of the query that was taken last
  QueryList again_;
  std::vector<Pair> pairs_;
  std::vector<std::unique_ptr<QueryList>> spare_;
};

}  // namespace tablegate::pg
