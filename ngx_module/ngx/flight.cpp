#include "ngx/flight.hpp"

#include <algorithm>

#include "ngx/worker.hpp"

namespace tablegate::ngx {

namespace {

constexpr size_t kIdleFlights = 512;  // kept for later, about 1 KiB each

}  // namespace

// ---- Waiter

void Waiter::leave() noexcept {
  if (flight_ != nullptr) flight_->leave(*this);
  stop();
}

void Waiter::stop() {
  if (deadline_.event.timer_set) ngx_del_timer(&deadline_.event);
}

void Waiter::pause() noexcept {
  if (flight_ != nullptr) flight_->worker_.pool(*flight_->api_).pause(*flight_);
}

void Waiter::resume() noexcept {
  if (flight_ != nullptr) flight_->worker_.pool(*flight_->api_).resume(*flight_);
}

void Waiter::begin_stream() noexcept {
  if (flight_ == nullptr) return;
  ends_ = flight_->sent_ms + flight_->api_->stream_timeout_ms;
  ngx_add_timer(&deadline_.event, ends_ > ngx_current_msec ? ends_ - ngx_current_msec : 1);
  if (Generations* known = flight_->generations()) known->swap_watch().begin();
}

Waiter::Times Waiter::times() const {
  return flight_ == nullptr ? times_ : times_in(*flight_, 0);
}

// What was before it came is not its time.
Waiter::Times Waiter::times_in(const Flight& flight, uint64_t ended) const {
  const auto own = [this](uint64_t time) { return time == 0 ? 0 : std::max(time, came_ms_); };
  return {own(flight.submitted_ms), own(flight.sent_ms), ended};
}

void Waiter::start_deadline(ngx_connection_t* connection, ngx_msec_t timeout) {
  if (ends_ == 0) ends_ = ngx_current_msec + timeout;
  deadline_.waiter = this;
  deadline_.event.handler = on_deadline;
  deadline_.event.data = connection;  // nginx's debug log reads a connection here
  deadline_.event.log = connection->log;
  ngx_add_timer(&deadline_.event, ends_ > ngx_current_msec ? ends_ - ngx_current_msec : 1);
}

void Waiter::on_deadline(ngx_event_t* event) noexcept {
  // `event` is the first member.
  Waiter& waiter = *reinterpret_cast<Deadline*>(event)->waiter;
  waiter.leave();
  waiter.on_failure(core::Slug::query_timeout, {});
}

// ---- Flight: its statement

void Flight::set_statement(const core::Walk& walk) {
  key = {api_->index, walk.path, 0};
  parameter_count = walk.count;
  values = walk.values;
}

std::string Flight::sql() const {
  const Generations* known = generations();
  return api_->program.statement(key.path, known == nullptr ? nullptr : &known->known()).sql;
}

void Flight::parameter_types(std::vector<Oid>& types) const {
  for (const uint32_t oid : api_->program.statement(key.path).types) types.push_back(oid);
}

std::string Flight::keys_sql() const {
  const Generations* known = generations();
  return api_->program.keys_statement(key.path, known == nullptr ? nullptr : &known->known()).sql;
}

void Flight::keys_types(std::vector<Oid>& types) const {
  for (const uint32_t oid : api_->program.keys_statement(key.path).types) types.push_back(oid);
}

void Flight::set_trace(std::string_view id) {
  constexpr std::string_view kPrefix = "tablegate trace ";
  auto* const text = static_cast<char*>(arena_.allocate(kPrefix.size() + id.size() + 1));
  if (text == nullptr) return;
  text[kPrefix.copy(text, kPrefix.size()) + id.copy(text + kPrefix.size(), id.size())] = '\0';
  trace = text;
}

std::string Flight::stamp_sql() const {
  return generations()->known().stamp_sql(*api_);
}

// ---- Flight: its course

Flight::~Flight() {
  // The worker is leaving: no waiter gets an answer.
  while (take_waiter() != nullptr) continue;
}

Generations* Flight::generations() const {
  return worker_.generations(*api_);
}

void Flight::start(const core::Walk& walk) {
  set_statement(walk);
  modified_ = INT64_MIN;
  timeout_ms = api_->timeout_ms;
  if (delivery == pg::Delivery::chunks) timeout_ms = std::max(timeout_ms, api_->stream_timeout_ms);
  restarted_ = false;
  deadline_ms = waiters_->ends_;  // of the call that it is started for
  point = api_->point;
  by_keys = api_->by_keys && trace == nullptr && key.path.more.empty();
  state_ = State::running;
  Generations* known = generations();
  if (known != nullptr) known->touch();
  if (known != nullptr && known->wants_reread(*api_)) {
    known->reread(*this, worker_.pool(*api_));  // a table may have moved while nobody looked
  } else {
    submit();
  }
}

// What is known of the tables now is not newer than what the query will see. The flight may be over when this
// returns.
void Flight::submit() {
  if (const Generations* known = generations()) {
    key.epoch = known->known().epoch(*api_);
    modified_ = known->fresh() ? known->known().modified(*api_) : INT64_MIN;
    known_stamp_ = known->known().stamp();
    stamped = api_->has_validator() && known_stamp_ != 0;
  } else {
    stamped = false;
    known_stamp_ = 0;
  }
  if (join_another()) return;
  worker_.pool(*api_).submit(*this);
}

// What is known of the tables is what the rows were read from if it has the same stamp, and if the statement
// names the relations that are known: then none of them moved since it was made.
uint64_t Flight::note_generations() {
  if (!stamped) return 0;
  Generations& all = *generations();
  all.note_stamp(stamp, sent_ms);
  const core::TableGenerations& known = all.known();
  if (stamp == 0 || stamp != known.stamp() || key.epoch != known.epoch(*api_)) return 0;
  return known.identity(*api_);
}

void Flight::on_rows(const pg::Cells& cells, bool last) noexcept {
  worker_.flights().joinable_.remove(*this);
  if (state_ != State::delivering) {  // these are the first
    const uint64_t read_from = note_generations();
    for (Waiter* waiter = waiters_; waiter != nullptr; waiter = waiter->next_)
      waiter->generations_ = read_from;
  }
  if (!last) {
    state_ = State::delivering;
    // Rows in chunks have one waiter. It may leave: the flight may be over when this returns.
    if (waiters_ != nullptr) waiters_->on_rows(cells, modified_, false);
    return;
  }
  state_ = State::done;
  while (Waiter* waiter = take_waiter()) waiter->on_rows(cells, modified_, true);
  give_back();
}

// "undefined_table": the table may have another name by now.
bool Flight::expects(const std::string& sqlstate) const noexcept {
  return sqlstate == "42P01" && state_ == State::running && generations() != nullptr;
}

void Flight::on_failure(const pg::Failure& failure) noexcept {
  worker_.flights().joinable_.remove(*this);
  if (expects(failure.sqlstate)) {
    state_ = State::running_again;
    try {
      missing_ = failure.message;
      return generations()->reread(*this, worker_.pool(*api_));
    } catch (...) {  // no memory for the message: an error like others
    }
  }
  // A second try, as the pool makes it before the first rows.
  const bool lost = failure.kind == pg::Failure::Kind::database_unavailable || failure.sqlstate == "40001";
  if (failure.after_rows && lost && !restarted_ && waiters_->starts_again()) {
    restarted_ = true;
    state_ = State::running;
    return submit();
  }
  if (continues_for_others(failure)) return;
  if (failure.kind == pg::Failure::Kind::query_failed) log_path(failure.sqlstate);
  fail(pg::slug_of(failure.kind));
}

// Which statement of the API it was: the pool has logged what the database said.
void Flight::log_path(const std::string& sqlstate) const noexcept try {
  std::string names;
  for (std::size_t i = 0; given_ != nullptr && i < api_->parameters.size(); ++i) {
    if (given_[i] != nullptr) names += (names.empty() ? "" : ", ") + api_->parameters[i].name;
  }
  ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                "tablegate: API \"%s\" version %uD: %s in its statement with %s", api_->name.c_str(),
                api_->version, sqlstate.c_str(), names.empty() ? "no parameters" : names.c_str());
} catch (...) {  // no memory for the names: what the database said is in the log
}

void Flight::on_reread(bool good) noexcept {
  const bool moved = good && generations()->known().epoch(*api_) != key.epoch;
  if (state_ == State::running_again && !moved) {
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "tablegate: %s/%s: query failed: 42P01 %s",
                  api_->service.c_str(), api_->resource_group.c_str(), missing_.c_str());
    log_path("42P01");
    return fail(core::Slug::query_failed);
  }
  submit();
}

void Flight::fail(core::Slug slug) {
  state_ = State::done;
  while (Waiter* waiter = take_waiter()) waiter->on_failure(slug, {});
  give_back();
}

// Rows in chunks have one waiter.
void Flight::cut(std::string_view reason) noexcept {
  Waiter& waiter = *waiters_;
  waiter.leave();
  waiter.on_failure(core::Slug::query_timeout, reason);
}

// ---- Flight: its waiters

void Flight::add(Waiter& waiter, ngx_connection_t* connection) {
  link(waiter);
  waiter.came_ms_ = 0;
  waiter.start_deadline(connection, api_->timeout_ms);
}

void Flight::link(Waiter& waiter) {
  waiter.flight_ = this;
  waiter.next_ = waiters_;
  if (waiters_ != nullptr) waiters_->previous_ = &waiter;
  waiters_ = &waiter;
}

void Flight::remove(Waiter& waiter) {
  (waiter.previous_ != nullptr ? waiter.previous_->next_ : waiters_) = waiter.next_;
  if (waiter.next_ != nullptr) waiter.next_->previous_ = waiter.previous_;
  waiter.previous_ = waiter.next_ = nullptr;
  waiter.times_ = waiter.times_in(*this, ngx_current_msec);
  waiter.flight_ = nullptr;
  waiter.stop();
}

Waiter* Flight::take_waiter() {
  Waiter* waiter = waiters_;
  if (waiter != nullptr) remove(*waiter);
  return waiter;
}

// A statement that nobody waits for any more is cancelled.
void Flight::leave(Waiter& waiter) {
  remove(waiter);
  if (waiters_ != nullptr || state_ == State::done) return;
  worker_.pool(*api_).abandon(*this);
  give_back();
}

// May destroy the flight.
void Flight::give_back() {
  Flights& flights = worker_.flights();
  flights.joinable_.remove(*this);
  state_ = State::idle;
  submitted_ms = sent_ms = 0;
  trace = nullptr;
  arena_.clear();
  if (flights.idle_.size() >= kIdleFlights) {
    flights.busy_.erase(place_);
  } else {
    flights.idle_.splice(flights.idle_.begin(), flights.busy_, place_);
  }
}

// ---- Flights

Flights::Flights(Worker& worker) : worker_(worker), joinable_(worker.random()) {}

Flights::Pointer Flights::take(const core::Api& api) {
  if (idle_.empty()) {
    idle_.emplace_front(worker_);
    idle_.front().place_ = idle_.begin();
  }
  Flight& flight = idle_.front();
  busy_.splice(busy_.begin(), idle_, flight.place_);
  flight.api_ = &api;
  return Pointer(&flight);
}

void Flights::start(Pointer flight, const core::Walk& walk, const Start& how, Waiter& waiter) {
  Flight& started = *flight.release();
  started.caller = how.caller;
  started.delivery = how.delivery;
  started.add(waiter, how.connection);
  started.start(walk);
}

}  // namespace tablegate::ngx
