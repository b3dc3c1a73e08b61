// Ends long answers that keep a swap of a mirrored table waiting for longer than the pace of swaps
// (loader/mirror/swap_pace.hpp). A loader that waits says so by a lock (core::kSwapWaitsLock). It is looked
// for once a second, and only while rows of a service have been on their way for that long. One a service and
// worker; owned by the Generations.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pg/loop.hpp"
#include "pg/pool.hpp"

namespace tablegate::ngx {

class Flight;
class Flights;
class Generations;

class SwapWatch final : private pg::Query, private pg::TimerHandler {
 public:
  // All outlive the object.
  SwapWatch(const Generations& generations, const std::vector<pg::Pool*>& pools, Flights& flights,
            pg::Loop& loop);
  ~SwapWatch() override;

  // A flight of the service takes its rows in chunks.
  void begin();

 private:
  std::string sql() const override;
  void parameter_types(std::vector<Oid>& types) const override { (void)types; }
  void on_rows(const pg::Cells& cells, bool last) noexcept override;
  void on_failure(const pg::Failure& failure) noexcept override;
  bool expects(const std::string& sqlstate) const noexcept override;
  void on_timer() noexcept override;

  bool is_delivering(const Flight& flight) const;
  bool is_long(const Flight& flight) const;
  bool reads(const Flight& flight, std::string_view table) const;

  const Generations& generations_;
  const std::vector<pg::Pool*>& pools_;
  Flights& flights_;
  pg::Loop& loop_;
  std::unique_ptr<pg::Timer> timer_;
  pg::Pool* reader_ = nullptr;  // the query is in it
  bool runs_ = false;
};

}  // namespace tablegate::ngx
