#include "ngx/swap_watch.hpp"

#include <algorithm>

#include "core/plan/table_generations.hpp"
#include "ngx/flight.hpp"
#include "ngx/generations.hpp"
#include "pg/cells.hpp"

namespace tablegate::ngx {

namespace {

constexpr uint64_t kPaceMs = 4000;  // the longest that a swap makes others wait
constexpr uint32_t kLookMs = 1000;
constexpr uint32_t kLookAgainMs = 10000;  // after an error
constexpr uint32_t kLookTimeoutMs = 3000;

}  // namespace

SwapWatch::SwapWatch(const Generations& generations, const std::vector<pg::Pool*>& pools, Flights& flights,
                     pg::Loop& loop)
    : generations_(generations), pools_(pools), flights_(flights), loop_(loop), timer_(loop.timer(*this)) {
  key.route = UINT64_MAX - 1;  // no API's, and not that of Generations
  timeout_ms = kLookTimeoutMs;
  point = true;
}

SwapWatch::~SwapWatch() {
  if (reader_ != nullptr) reader_->abandon(*this);
}

void SwapWatch::begin() {
  if (runs_) return;
  runs_ = true;
  timer_->start(kPaceMs);
}

bool SwapWatch::is_delivering(const Flight& flight) const {
  return flight.is_delivering() && flight.generations() == &generations_;
}

bool SwapWatch::is_long(const Flight& flight) const {
  return is_delivering(flight) && loop_.now_ms() - flight.sent_ms >= kPaceMs;
}

bool SwapWatch::reads(const Flight& flight, std::string_view table) const {
  const std::vector<uint32_t>& tables = flight.api().tables;
  return std::any_of(tables.begin(), tables.end(),
                     [&](uint32_t place) { return generations_.known().name(place) == table; });
}

void SwapWatch::on_timer() noexcept {
  if (flights_.find([this](const Flight& flight) { return is_long(flight); }) != nullptr) {
    for (pg::Pool* pool : pools_) {
      reader_ = pool;
      if (pool->submit_spare(*this)) return;
    }
    reader_ = nullptr;
  } else if (flights_.find([this](const Flight& flight) { return is_delivering(flight); }) == nullptr) {
    runs_ = false;
    return;
  }
  timer_->start(kLookMs);
}

std::string SwapWatch::sql() const {
  return core::kWaitingSwapsSql;
}

bool SwapWatch::expects(const std::string& sqlstate) const noexcept {
  return means_absent(sqlstate);
}

void SwapWatch::on_rows(const pg::Cells& cells, bool last) noexcept {
  (void)last;  // Delivery::whole
  reader_ = nullptr;
  timer_->start(kLookMs);
  if (cells.columns() != 1) return;
  for (std::size_t row = 0; row < cells.rows(); ++row) {
    const core::Cell cell = cells.cell(row, 0);
    if (cell.data == nullptr) continue;
    const std::string_view table(cell.data, cell.size);
    const auto waits = [&](const Flight& flight) { return is_long(flight) && reads(flight, table); };
    while (Flight* flight = flights_.find(waits)) flight->cut("a swap of its table waits for it");
  }
}

void SwapWatch::on_failure(const pg::Failure& failure) noexcept {
  (void)failure;  // the pool has logged it
  reader_ = nullptr;
  timer_->start(kLookAgainMs);
}

}  // namespace tablegate::ngx
