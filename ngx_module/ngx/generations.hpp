// Which generations of its tables a service serves, as one worker knows it: reads
// mirror.tablegate_tables by any pool of the service, once a second while requests
// come, seldom when none do, then not at all, so that idle connections can close.
// Requests look at what is known and never wait for it, but where a table may
// have moved (swap "pointer"). Owned by the Worker, gone before its pools.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plan/table_generations.hpp"
#include "ngx/ngx.hpp"
#include "ngx/swap_watch.hpp"
#include "pg/loop.hpp"
#include "pg/pool.hpp"

namespace tablegate::ngx {

class Flight;
class Flights;

// Of an error: no such table, schema or column (a mirror of before, or none of ours), or no right to read it.
bool means_absent(const std::string& sqlstate);

class Generations final : private pg::Query, private pg::TimerHandler {
 public:
  // `pools`: the service's. All outlive the object; nothing is read before touch().
  Generations(const core::Manifest& manifest, std::string service, std::vector<pg::Pool*> pools,
              Flights& flights, pg::Loop& loop);
  ~Generations() override;

  // Somebody uses what is known: keeps it fresh. Cheap; reads from the event loop, not within the call.
  void touch() {
    used_ = true;
    if (asleep_) wake();
  }
  const core::TableGenerations& known() const { return known_; }
  // Whether it was read, or found to be still right, a moment ago.
  bool fresh() const;
  // The same, so lately that an answer may be given by it without asking PostgreSQL.
  bool current() const;
  // How long ago what is known was right for the last time; none: it never was.
  std::optional<uint64_t> age_ms() const;
  // Whether rows of a query that was sent at that time of the loop, while this stamp was known, are as new as
  // an answer that may be given now without asking PostgreSQL.
  bool still_holds(uint64_t known_stamp, uint64_t sent_at_ms) const;
  // Whether reading again before the API's query can show something: where a table of it may have moved
  // since, and where nothing has been read yet.
  bool wants_reread(const core::Api& api) const;
  // Rows that were read under this stamp (0: not known) by a query that was sent at that time of the loop:
  // says how right that is which is known, which is read again if it is not.
  void note_stamp(uint64_t read_under, uint64_t sent_at_ms);
  // Reads once more, by the flight's own pool (another one may be full of slow queries), then calls its
  // on_reread(). The flight is in no pool; Pool::abandon takes it out.
  void reread(Flight& flight, pg::Pool& pool);

  SwapWatch& swap_watch() { return swap_watch_; }

  const std::string& service() const { return service_; }
  // A table that an API of this service reads, by its place in Manifest::tables.
  bool uses(size_t table) const { return uses_[table]; }
  void add_use(const core::Api& api);
  int64_t read_at() const { return read_at_; }  // seconds since 1970

 private:
  std::string sql() const override;
  void parameter_types(std::vector<Oid>& types) const override { (void)types; }
  void on_rows(const pg::Cells& cells, bool last) noexcept override;
  void on_failure(const pg::Failure& failure) noexcept override;
  bool expects(const std::string& sqlstate) const noexcept override;
  void on_timer() noexcept override;

  void wake();
  bool absent() const;
  void read_without_stamp();
  void read_spare();
  void read_by(pg::Pool& pool);
  void begin();
  void schedule();
  void finish(bool good);

  const std::string service_;
  const std::vector<pg::Pool*> pools_;
  pg::Loop& loop_;
  core::TableGenerations known_;
  std::vector<bool> uses_;
  std::unique_ptr<pg::Timer> timer_;
  SwapWatch swap_watch_;
  // Flights: those that wait for the read that runs, and those who came after it began.
  pg::QueryList due_, late_;
  pg::Pool* late_pool_ = nullptr;  // of the first of the latter
  pg::Pool* reader_ = nullptr;     // the read that runs is in it
  bool used_ = false;
  bool asleep_ = true;  // touch() has to start the timer
  bool reading_ = false;
  bool complained_ = false;
  unsigned idle_rounds_ = 0;
  bool with_stamp_ = true;
  bool tried_ = false;           // a read has ended, well or not
  bool doubted_ = false;         // rows had another stamp than what is known
  uint64_t stamp_again_ms_ = 0;  // the mirror has no stamp: not to be asked for it before
  uint64_t hurried_ms_ = 0;      // the last time that a stamp made us read at once
  uint64_t not_before_ms_ = 0;   // the table cannot be read: not to be tried before
  uint64_t began_ms_ = 0;        // the read that runs
  int64_t began_at_ = 0;
  uint64_t read_ms_ = 0;  // what is known was right then, or later; 0: nothing is known yet
  int64_t read_at_ = 0;
};

}  // namespace tablegate::ngx
