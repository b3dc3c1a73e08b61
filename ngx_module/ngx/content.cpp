// The content phase: bind the parameters, run the statement, send the rows. A
// request owns a deadline timer from here to its end; past it the caller gets
// 504 and the statement is left to PostgreSQL's statement_timeout.
#include "ngx/request.hpp"
#include "ngx/response.hpp"
#include "ngx/worker.hpp"

namespace tablegate::ngx {

namespace {

core::Slug slug_of(pg::Failure::Kind kind) {
  switch (kind) {
    case pg::Failure::Kind::query_failed:
      return core::Slug::query_failed;
    case pg::Failure::Kind::query_timeout:
      return core::Slug::query_timeout;
    case pg::Failure::Kind::database_unavailable:
      return core::Slug::database_unavailable;
    case pg::Failure::Kind::queue_full:
      return core::Slug::queue_full;
  }
  return core::Slug::internal_error;
}

void stop_waiting(RequestState& state) {
  state.waiting = false;
  state.answered_ms = ngx_current_msec;
  if (state.deadline.event.timer_set) ngx_del_timer(&state.deadline.event);
}

// Whether the request still waits for us: a client that left may have begun nginx's post_action on it.
bool is_ours(const RequestState& state) {
  return ngx_http_get_module_ctx(state.request, ngx_http_tablegate_module) == &state;
}

// After an asynchronous answer. The state is gone when this returns.
void finish(RequestState& state, ngx_int_t rc) {
  ngx_http_request_t* r = state.request;
  ngx_connection_t* connection = r->connection;
  ngx_http_finalize_request(r, rc);
  ngx_http_run_posted_requests(connection);
}

void on_deadline(ngx_event_t* event) noexcept {
  // `event` is the first member.
  RequestState& state = *reinterpret_cast<RequestState::Deadline*>(event)->state;
  Worker* worker = main_config(state.request).worker.get();
  if (worker != nullptr) worker->pool(*state.route.api).abandon(state.query);
  stop_waiting(state);
  if (!is_ours(state)) return;
  state.problem = {core::Slug::query_timeout, {}, {}};
  try {
    finish(state, send_problem(state));
  } catch (...) {
    finish(state, NGX_ERROR);
  }
}

void start_deadline(RequestState& state) {
  ngx_event_t& event = state.deadline.event;
  state.deadline.state = &state;
  event.handler = on_deadline;
  event.data = state.request->connection;  // nginx's debug log reads a connection here
  event.log = state.request->connection->log;
  ngx_add_timer(&event, state.route.api->timeout_ms);
}

Generations* generations_of(const RequestState& state) {
  Worker* worker = main_config(state.request).worker.get();
  return worker == nullptr ? nullptr : worker->generations(*state.route.api);
}

// Hands the query to its pool. What is known of the tables now is not newer than what the query will see.
void submit(RequestState& state, Worker& worker) {
  const core::Api& api = *state.route.api;
  if (const Generations* generations = worker.generations(api)) {
    state.query.key.epoch = generations->known().epoch(api);
    state.modified = generations->fresh() ? generations->known().modified(api) : INT64_MIN;
  }
  state.submitting = true;
  worker.pool(api).submit(state.query);
  state.submitting = false;
}

ngx_int_t start_query(RequestState& state, const core::Walk& walk) {
  ngx_http_request_t* r = state.request;
  const core::Api& api = *state.route.api;
  Worker& worker = *main_config(r).worker;
  if (ngx_exiting) worker.leave();
  state.query.key = {api.index, walk.path, 0};
  state.query.parameter_count = walk.count;
  state.query.values = walk.values;
  state.query.timeout_ms = api.timeout_ms;
  state.query.point = api.point;
  state.waiting = true;
  start_deadline(state);
  Generations* generations = worker.generations(api);
  if (generations != nullptr) generations->touch();
  if (generations != nullptr && generations->wants_reread(api)) {
    state.submitting = true;
    generations->reread(state.query, worker.pool(api));  // it may have moved while nobody looked
    state.submitting = false;
  } else {
    submit(state, worker);
  }
  if (!state.waiting) return send_problem(state);  // it failed at once
  r->main->count++;
  // A client that goes away frees the request, and with it the query (RequestState::clean_up).
  r->read_event_handler = ngx_http_test_reading;
  r->write_event_handler = ngx_http_request_empty_handler;
  return NGX_DONE;
}

// All that the answer needs has been read.
ngx_int_t answer(RequestState& state) {
  const core::Proof& proof = state.authenticate();
  if (proof.outcome != core::Proof::Outcome::proved && proof.outcome != core::Proof::Outcome::open) {
    if (!state.problem) state.problem = {core::Slug::internal_error, {}, {}, "body_not_read"};
    return send_problem(state);
  }
  const Headers headers(state.request);
  PoolArena arena(state.request->pool);
  const core::Api& api = *state.route.api;
  core::BoundValues bound;
  core::Walk walk;
  state.problem = core::bind_parameters(api, state.data(headers), arena, bound);
  if (!state.problem && !api.program.walk(bound, arena, walk))
    state.problem = {core::Slug::internal_error, {}, {}};
  return state.problem ? send_problem(state) : start_query(state, walk);
}

void on_body(ngx_http_request_t* r) noexcept try {
  RequestState* state = RequestState::current(r);
  if (state == nullptr) return ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
  state->reading_body = false;
  state->load_body();
  ngx_http_finalize_request(r, answer(*state));
} catch (...) {
  ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
}

ngx_int_t handle(ngx_http_request_t* r) {
  const auto* location =
      static_cast<const LocationConfig*>(ngx_http_get_module_loc_conf(r, ngx_http_tablegate_module));
  if (location->enabled == 0) return NGX_DECLINED;
  RequestState* state = RequestState::current(r);
  if (state == nullptr) state = RequestState::make(r);
  if (state == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  // Subrequests skip the access phase, and `satisfy any` lets others answer it: only our own proof opens an
  // API.
  const core::Proof& proof = state->authenticate();
  if (proof.outcome == core::Proof::Outcome::refused) return send_problem(*state);
  const bool wanted = proof.outcome == core::Proof::Outcome::wants_body || state->route.api->reads_body;
  if (!wanted || state->load_body() || !state->body_pending()) return answer(*state);
  if (r != r->main || r->request_body != nullptr || r->discard_body) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  const ngx_int_t rc = read_body(*state, on_body);
  return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}

}  // namespace

std::string RequestQuery::sql() const {
  const Generations* generations = generations_of(state_);
  return state_.route.api->program
      .statement(key.path, generations == nullptr ? nullptr : &generations->known())
      .sql;
}

void RequestQuery::parameter_types(std::vector<Oid>& types) const {
  for (const uint32_t oid : state_.route.api->program.statement(key.path).types) types.push_back(oid);
}

void RequestQuery::on_rows(const PGresult* rows) noexcept {
  stop_waiting(state_);
  if (!is_ours(state_)) return;
  try {
    finish(state_, send_rows(state_, rows));
  } catch (...) {
    finish(state_, NGX_ERROR);
  }
}

// "undefined_table": it may stand under another name by now.
bool RequestQuery::expects(const std::string& sqlstate) const noexcept {
  return sqlstate == "42P01" && !state_.reread && generations_of(state_) != nullptr;
}

void RequestQuery::on_failure(const pg::Failure& failure) noexcept {
  if (expects(failure.sqlstate)) {
    state_.reread = true;
    try {
      state_.missing = failure.message;
      return generations_of(state_)->reread(*this,
                                            main_config(state_.request).worker->pool(*state_.route.api));
    } catch (...) {  // no memory for the message: an error like others
    }
  }
  stop_waiting(state_);
  state_.problem = {slug_of(failure.kind), {}, {}};
  if (state_.submitting || !is_ours(state_)) return;  // submitting: start_query() answers
  try {
    finish(state_, send_problem(state_));
  } catch (...) {
    finish(state_, NGX_ERROR);
  }
}

void RequestQuery::on_reread(bool good) noexcept {
  const core::Api& api = *state_.route.api;
  Worker& worker = *main_config(state_.request).worker;
  const bool moved = good && worker.generations(api)->known().epoch(api) != key.epoch;
  if (state_.reread && !moved) {
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "tablegate: %s/%s: query failed: 42P01 %s",
                  api.service.c_str(), api.resource_group.c_str(), state_.missing.c_str());
    return on_failure({pg::Failure::Kind::query_failed, {}, {}});
  }
  const bool at_once = state_.submitting;  // within start_query(), which answers
  submit(state_, worker);
  if (at_once) state_.submitting = true;
  if (state_.waiting || at_once || !is_ours(state_)) return;
  try {
    finish(state_, send_problem(state_));
  } catch (...) {
    finish(state_, NGX_ERROR);
  }
}

ngx_int_t content_handler(ngx_http_request_t* r) noexcept try { return handle(r); } catch (...) {
  return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

}  // namespace tablegate::ngx
