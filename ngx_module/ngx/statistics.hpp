// What one worker adds to the numbers that all share (zone.hpp): answers of API
// versions, calls of consumers, what its pools hold. Where each number is kept is
// found once and kept in the worker's own memory, so that counting an answer is
// a few additions.
#pragma once

#include <memory>
#include <vector>

#include "core/answer/problem.hpp"
#include "ngx/config.hpp"
#include "ngx/zone.hpp"
#include "pg/pool.hpp"

namespace tablegate::ngx {

class Call;

class Statistics {
 public:
  // Takes a slot for this worker. `config` has a zone and outlives the object.
  explicit Statistics(const MainConfig& config);
  ~Statistics();
  Statistics(const Statistics&) = delete;
  Statistics& operator=(const Statistics&) = delete;

  // `api` null: the request found none.
  core::CounterCell& cell(const core::Api* api);
  // A call that was let in. `consumer` null: the caller was not authenticated.
  void count_call(const core::Api& api, const core::Consumer* consumer, int64_t now);
  // Writes the worker's slot: its pools, in the configuration's order.
  void report(const std::vector<std::unique_ptr<pg::Pool>>& pools, bool leaving);

  const SharedTables& tables() const { return tables_; }

 private:
  // A pair that was counted before: a cache, one place a pair.
  struct Pair {
    uint64_t places = 0;  // of API and consumer in the manifest, each counted from 1
    uint64_t key = 0;
    core::UsageSlot* slot = nullptr;
  };

  void take_slot();

  const MainConfig& config_;
  SharedTables tables_;
  std::vector<core::CounterCell*> cells_;  // by Api::index; null: not looked for yet
  std::vector<Pair> pairs_;
  core::WorkerSlot* slot_;  // null: the zone has none left now
};

// Counts the request's answer, where there is a zone. `slug` none: rows were sent.
void count_answer(const Call& call, core::Slug slug);
// Counts a list that had more rows than the API answers.
void count_cut(const Call& call);
// Counts an answer that broke off after its header.
void count_truncated(const Call& call);
// Counts a request whose client left while its query was waited for.
void count_abandoned(const Call& call);

// Whether a process lives, for core::WorkerTable.
bool process_lives(uint64_t pid);

}  // namespace tablegate::ngx
