#include "ngx/generations.hpp"

#include <array>
#include <utility>

#include "ngx/request.hpp"

namespace tablegate::ngx {

namespace {

constexpr uint32_t kBusyMs = 1000;
constexpr uint32_t kIdleMs = 10000;
constexpr unsigned kIdleRounds = 3;  // then connections may get idle and close
constexpr uint32_t kTryAgainMs = 100;
constexpr uint32_t kOffMs = 60000;
constexpr uint64_t kFreshMs = 5000;
constexpr uint32_t kTimeoutMs = 3000;  // an API's default: no statement_timeout to be set for it

// No such table, schema or column (a mirror of before, or none of ours), or no right to read it.
bool means_absent(const std::string& sqlstate) {
  return sqlstate == "42P01" || sqlstate == "3F000" || sqlstate == "42703" || sqlstate == "42501";
}

}  // namespace

Generations::Generations(const core::Manifest& manifest, std::string service, pg::Pool& pool, pg::Loop& loop)
    : service_(std::move(service)),
      pool_(pool),
      loop_(loop),
      known_(manifest),
      uses_(manifest.tables.size()),
      timer_(loop.timer(*this)) {
  key.route = UINT64_MAX;  // no API's
  timeout_ms = kTimeoutMs;
  point = true;
}

Generations::~Generations() {
  pool_.abandon(*this);
  while (waiting_.pop_front() != nullptr) continue;
  while (next_.pop_front() != nullptr) continue;
}

void Generations::add_use(const core::Api& api) {
  for (const core::TableUse& use : api.tables) uses_[use.table] = true;
}

bool Generations::fresh() const {
  return read_ms_ != 0 && loop_.now_ms() - read_ms_ <= kFreshMs;
}

bool Generations::wants_reread(const core::Api& api) const {
  return !fresh() && loop_.now_ms() >= not_before_ms_ && known_.reads_pointer(api);
}

std::string Generations::sql() const {
  return core::kGenerationsSql;
}

bool Generations::expects(const std::string& sqlstate) const noexcept {
  return means_absent(sqlstate);
}

void Generations::wake() {
  if (loop_.now_ms() < not_before_ms_) return;
  asleep_ = false;
  if (!reading_) timer_->start(0);
}

void Generations::on_timer() noexcept {
  if (!reading_) read(false);
}

// Urgent: a request waits for it.
void Generations::read(bool urgent) {
  timer_->stop();
  reading_ = true;
  began_ms_ = loop_.now_ms();
  began_at_ = ngx_time();
  if (urgent) {
    pool_.submit(*this);
  } else if (!pool_.submit_spare(*this)) {
    reading_ = false;
    timer_->start(kTryAgainMs);
  }
}

void Generations::reread(RequestQuery& query) {
  if (reading_) {
    next_.push_back(query);
  } else {
    waiting_.push_back(query);
    read(true);
  }
}

void Generations::take(const PGresult* rows) {
  if (PQnfields(rows) != static_cast<int>(core::kGenerationColumns)) return;
  known_.begin();
  for (int row = 0; row < PQntuples(rows); ++row) {
    std::array<core::Cell, core::kGenerationColumns> cells;
    for (size_t column = 0; column < cells.size(); ++column) {
      const int place = static_cast<int>(column);
      if (PQgetisnull(rows, row, place) != 0) continue;
      cells[column] = {PQgetvalue(rows, row, place), static_cast<size_t>(PQgetlength(rows, row, place))};
    }
    known_.row(cells.data());
  }
  known_.end();
  read_ms_ = began_ms_;
  read_at_ = began_at_;
}

void Generations::on_rows(const PGresult* rows) noexcept {
  try {
    take(rows);
    complained_ = false;
    not_before_ms_ = 0;
    finish(true);
  } catch (...) {  // no memory
    finish(false);
  }
}

void Generations::on_failure(const pg::Failure& failure) noexcept {
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

void Generations::finish(bool good) {
  reading_ = false;
  pg::QueryList due;
  due.prepend(waiting_);
  waiting_.prepend(next_);
  if (waiting_.empty()) {
    schedule();
  } else {
    read(true);
  }
  // Last: a request's end may bring another one here.
  while (pg::Query* query = due.pop_front()) static_cast<RequestQuery*>(query)->on_reread(good);
}

void Generations::schedule() {
  uint32_t wait = kBusyMs;
  asleep_ = !used_ || loop_.now_ms() < not_before_ms_;
  idle_rounds_ = used_ ? 0 : idle_rounds_ + 1;
  used_ = false;
  if (asleep_) {
    if (idle_rounds_ > kIdleRounds || loop_.now_ms() < not_before_ms_) return;
    wait = kIdleMs;
  }
  timer_->start(wait - loop_.random() % (wait / 8));  // so that workers do not come all at once
}

}  // namespace tablegate::ngx
