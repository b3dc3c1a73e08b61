#include "ngx/generations.hpp"

#include <algorithm>
#include <utility>

#include "ngx/flight.hpp"
#include "pg/cells.hpp"

namespace tablegate::ngx {

namespace {

constexpr uint32_t kBusyMs = 900;  // less than kCurrentMs: what is known stays current while requests come
constexpr uint32_t kIdleMs = 10000;
constexpr unsigned kIdleRounds = 3;  // then connections may get idle and close
constexpr uint32_t kTryAgainMs = 100;
constexpr uint32_t kOffMs = 60000;
constexpr uint64_t kFreshMs = 5000;
constexpr uint64_t kCurrentMs = 1000;
constexpr uint32_t kHurryMs = 50;      // between two reads because of a stamp
constexpr uint32_t kTimeoutMs = 3000;  // an API's default: no statement_timeout to be set for it

}  // namespace

bool means_absent(const std::string& sqlstate) {
  return sqlstate == "42P01" || sqlstate == "3F000" || sqlstate == "42703" || sqlstate == "42501";
}

Generations::Generations(const core::Manifest& manifest, std::string service, std::vector<pg::Pool*> pools,
                         Flights& flights, pg::Loop& loop)
    : service_(std::move(service)),
      pools_(std::move(pools)),
      loop_(loop),
      known_(manifest),
      uses_(manifest.tables.size()),
      timer_(loop.timer(*this)),
      swap_watch_(*this, pools_, flights, loop) {
  key.route = UINT64_MAX;  // no API's
  timeout_ms = kTimeoutMs;
  point = true;
}

Generations::~Generations() {
  if (reader_ != nullptr) reader_->abandon(*this);
  for (pg::QueryList* list : {&due_, &late_}) {
    while (list->pop_front() != nullptr) continue;
  }
}

void Generations::add_use(const core::Api& api) {
  for (const uint32_t table : api.tables) uses_[table] = true;
}

bool Generations::fresh() const {
  return read_ms_ != 0 && loop_.now_ms() - read_ms_ <= kFreshMs;
}

bool Generations::current() const {
  return !doubted_ && read_ms_ != 0 && known_.stamp() != 0 && loop_.now_ms() - read_ms_ <= kCurrentMs;
}

std::optional<uint64_t> Generations::age_ms() const {
  if (read_ms_ == 0 || known_.stamp() == 0) return std::nullopt;
  return loop_.now_ms() - read_ms_;
}

bool Generations::still_holds(uint64_t known_stamp, uint64_t sent_at_ms) const {
  if (known_stamp == 0 || known_stamp != known_.stamp() || doubted_) return false;
  return current() || loop_.now_ms() - sent_at_ms <= kCurrentMs;
}

bool Generations::wants_reread(const core::Api& api) const {
  if (fresh() || absent()) return false;
  return tried_ ? known_.reads_pointer(api) : api.has_validator();
}

void Generations::note_stamp(uint64_t read_under, uint64_t sent_at_ms) {
  if (read_under == 0) return;
  if (read_under == known_.stamp()) {
    read_ms_ = std::max(read_ms_, sent_at_ms);
    return;
  }
  doubted_ = true;
  if (reading_ || absent()) return;
  const uint64_t since = loop_.now_ms() - hurried_ms_;
  timer_->start(since >= kHurryMs ? 0 : kHurryMs - static_cast<uint32_t>(since));
}

// Not to be read for a while: the table is not there, or may not be read.
bool Generations::absent() const {
  return loop_.now_ms() < not_before_ms_;
}

std::string Generations::sql() const {
  return with_stamp_ ? core::kStampedGenerationsSql : core::kGenerationsSql;
}

bool Generations::expects(const std::string& sqlstate) const noexcept {
  return means_absent(sqlstate);
}

void Generations::wake() {
  if (absent()) return;
  asleep_ = false;
  if (!reading_) timer_->start(0);
}

void Generations::on_timer() noexcept {
  read_spare();
}

void Generations::begin() {
  timer_->stop();
  reading_ = true;
  if (doubted_) hurried_ms_ = loop_.now_ms();
  with_stamp_ = with_stamp_ || loop_.now_ms() >= stamp_again_ms_;
  key.epoch = with_stamp_ ? 1 : 0;
  began_ms_ = loop_.now_ms();
  began_at_ = ngx_time();
}

// Nobody waits for it.
void Generations::read_spare() {
  begin();
  for (pg::Pool* pool : pools_) {
    reader_ = pool;
    if (pool->submit_spare(*this)) return;
  }
  reader_ = nullptr;
  reading_ = false;
  timer_->start(kTryAgainMs);
}

void Generations::read_by(pg::Pool& pool) {
  begin();
  reader_ = &pool;
  pool.submit(*this);
}

void Generations::reread(Flight& flight, pg::Pool& pool) {
  if (!reading_) {
    due_.push_back(flight);
    return read_by(pool);
  }
  // What has not been sent yet begins after whoever comes now; it moves where nobody is in front of it.
  if (sent_ms == 0 && reader_ != &pool) {
    reader_->abandon(*this);
    due_.push_back(flight);
    return read_by(pool);
  }
  if (late_.empty()) late_pool_ = &pool;
  late_.push_back(flight);
}

void Generations::on_rows(const pg::Cells& cells, bool last) noexcept {
  (void)last;  // Delivery::whole
  try {
    if (pg::read_generations(cells, known_)) {
      read_ms_ = began_ms_;
      doubted_ = false;
      read_at_ = began_at_;
    }
    complained_ = false;
    not_before_ms_ = 0;
    finish(true);
  } catch (...) {  // no memory
    finish(false);
  }
}

void Generations::on_failure(const pg::Failure& failure) noexcept {
  if (with_stamp_ && means_absent(failure.sqlstate)) return read_without_stamp();
  if (means_absent(failure.sqlstate)) {
    known_.begin();
    known_.end();
    not_before_ms_ = loop_.now_ms() + kOffMs;
    if (!complained_) {
      ngx_log_error(
          NGX_LOG_WARN, ngx_cycle->log, 0,
          "tablegate: service \"%s\": mirror.tablegate_tables cannot be read (%s): generations of its "
          "tables are not told; `tablegate init` makes it",
          service_.c_str(), failure.sqlstate.c_str());
    }
    complained_ = true;
  }
  finish(false);
}

// The mirror is of an older loader: it has the tables, but no stamp.
void Generations::read_without_stamp() {
  with_stamp_ = false;
  stamp_again_ms_ = loop_.now_ms() + kOffMs;
  read_by(*reader_);
}

void Generations::finish(bool good) {
  tried_ = true;
  reading_ = false;
  reader_ = nullptr;
  // A request's end may bring another one here.
  pg::QueryList done;
  done.prepend(due_);
  if (late_.empty()) {
    schedule();
  } else {
    due_.prepend(late_);
    read_by(*late_pool_);
  }
  while (pg::Query* flight = done.pop_front()) static_cast<Flight*>(flight)->on_reread(good);
}

void Generations::schedule() {
  uint32_t wait = kBusyMs;
  asleep_ = !used_ || absent();
  idle_rounds_ = used_ ? 0 : idle_rounds_ + 1;
  used_ = false;
  if (asleep_) {
    if (idle_rounds_ > kIdleRounds || absent()) return;
    wait = kIdleMs;
  }
  timer_->start(wait - loop_.random() % (wait / 8));  // so that workers do not come all at once
}

}  // namespace tablegate::ngx
