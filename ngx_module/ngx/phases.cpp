#include "ngx/phases.hpp"

#include <utility>

#include "core/call/page.hpp"
#include "ngx/answer.hpp"
#include "ngx/answer_cache.hpp"
#include "ngx/call.hpp"
#include "ngx/page.hpp"
#include "ngx/statistics.hpp"
#include "ngx/stream.hpp"
#include "ngx/validators.hpp"
#include "ngx/worker.hpp"

namespace tablegate::ngx {

namespace {

// Null: no memory.
Call* call_of(ngx_http_request_t* r) {
  Call* call = Call::current(r);
  return call != nullptr ? call : Call::make(r);
}

const LocationConfig& location_of(ngx_http_request_t* r) {
  return *static_cast<const LocationConfig*>(ngx_http_get_module_loc_conf(r, ngx_http_tablegate_module));
}

// ---- access

// The body is there: the phases continue where they stopped, at this handler. As nginx's mirror module does.
void on_body_for_proof(ngx_http_request_t* r) noexcept {
  if (Call* call = Call::current(r)) call->end_reading();
  r->preserve_body = 1;
  r->write_event_handler = ngx_http_core_run_phases;
  ngx_http_core_run_phases(r);
}

ngx_int_t read_body_first(Call& call) {
  ngx_http_request_t* r = call.request;
  // Somebody else has had the body, and it is gone: what a signature covers cannot be looked at.
  if (r->request_body != nullptr || r->discard_body) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  const ngx_int_t rc = read_body(call, on_body_for_proof);
  if (rc >= NGX_HTTP_SPECIAL_RESPONSE) return rc;
  ngx_http_finalize_request(r, NGX_DONE);
  return NGX_DONE;
}

ngx_int_t access(ngx_http_request_t* r) {
  // A location with a content handler of its own (proxy_pass and the like) is not ours.
  if (location_of(r).enabled == 0 || r->content_handler != nullptr) return NGX_DECLINED;
  if (!main_config(r).manifest) return NGX_HTTP_SERVICE_UNAVAILABLE;  // `optional`, and there is none
  Call* call = call_of(r);
  if (call == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  switch (call->authenticate().outcome) {
    case core::Proof::Outcome::proved:
      return NGX_OK;
    case core::Proof::Outcome::open:
      // Proves nothing: under `satisfy any` that must not open what other modules guard.
      return NGX_DECLINED;
    case core::Proof::Outcome::requires_body:
      return read_body_first(*call);
    case core::Proof::Outcome::refused:
      break;
  }
  const auto* core_location =
      static_cast<const ngx_http_core_loc_conf_t*>(ngx_http_get_module_loc_conf(r, ngx_http_core_module));
  // Others may let the request in, but not to us: the content handler looks at the proof again.
  if (core_location->satisfy == NGX_HTTP_SATISFY_ANY) return NGX_DECLINED;
  ngx_http_finalize_request(r, send_problem(*call));
  return NGX_DONE;
}

// ---- content

// Whose share of the connections the call takes: its consumer, counted from 1; 0: nobody was proved.
uint64_t caller_of(const Call& call) {
  const core::Consumer* consumer = call.proof.identity.consumer;
  if (consumer == nullptr) return 0;
  return static_cast<uint64_t>(consumer - main_config(call.request).manifest->consumers.data()) + 1;
}

// The client had closed its side before its request was looked at: no event will report it.
bool has_left(const ngx_http_request_t* r) {
#if (NGX_HAVE_EPOLLRDHUP)
  return r->connection->read->pending_eof != 0;
#else
  (void)r;
  return false;
#endif
}

// As Waiter::on_rows has it, of rows that are not read.
int64_t modified_of(const Call& call) {
  const core::Api& api = *call.route.api;
  const Generations* known = main_config(call.request).worker->generations(api);
  return known != nullptr && known->fresh() ? known->known().modified(api) : INT64_MIN;
}

// The query failed, or could not begin: Call::problem, unless there is an answer of before.
ngx_int_t send_failure(Call& call) {
  const ngx_int_t rc = answer_stale(call, call.problem.slug);
  return rc == NGX_DECLINED ? send_problem(call) : rc;
}

// HEAD: the parameters are good. No query runs whose rows nobody gets.
ngx_int_t answer_head(Call& call) {
  Worker& worker = *main_config(call.request).worker;
  const core::Api& api = *call.route.api;
  if (worker.pool(api).is_unavailable()) {
    call.problem = {core::Slug::database_unavailable, {}, {}};
    return send_failure(call);
  }
  Generations* known = worker.generations(api);
  if (known != nullptr) known->touch();
  if (known != nullptr && known->current()) set_generations(call, known->known().identity(api));
  return send_head(call, modified_of(call));
}

// A flight for a version of the API, with the request's values.
Flights::Pointer bind(Call& call, const core::Api& api, core::BoundValues& bound, core::Problem& problem) {
  const Headers headers(call.request);
  Flights::Pointer flight = main_config(call.request).worker->flights().take(api);
  problem = core::bind_parameters(api, call.data(headers), flight->arena(), bound);
  return flight;
}

// A cursor continues in the version that made it: an open API chooses one anew for each request.
void follow_cursor(Call& call, Flights::Pointer& flight, core::BoundValues& bound) {
  const bool refused = call.problem.slug == core::Slug::invalid_parameter &&
                       call.route.api->pages.max_size != 0 &&
                       call.problem.subject == core::kPageParameters[core::kCursor].name;
  if (!refused || call.other_version == nullptr || call.other_version->pages.max_size == 0) return;
  core::BoundValues of_other;
  core::Problem problem;
  Flights::Pointer other = bind(call, *call.other_version, of_other, problem);
  if (problem) return;
  flight = std::move(other);
  bound = of_other;
  call.problem = {};
  std::swap(call.route.api, call.other_version);
}

// NGX_DONE: the call waits for its rows. Otherwise its answer was sent.
ngx_int_t start_query(Call& call) {
  ngx_http_request_t* r = call.request;
  Worker& worker = *main_config(r).worker;
  core::BoundValues bound;
  Flights::Pointer flight = bind(call, *call.route.api, bound, call.problem);
  follow_cursor(call, flight, bound);
  call.format = bound.format;
  call.accept_chose = bound.accept_chose;
  if (!call.problem && bound.page != nullptr && !begin_page(call, *bound.page))
    call.problem = {core::Slug::internal_error, {}, {}, "no_memory"};
  core::Walk walk;
  if (!call.problem) call.problem = call.route.api->program.walk(bound, flight->arena(), walk);
  if (call.problem) return send_problem(call);
  make_call_digest(call, bound);
  if (const ngx_int_t rc = answer_without_query(call); rc != NGX_DECLINED) return rc;
  // The headers of a page are not known without its rows.
  if (r->method == NGX_HTTP_HEAD && bound.page == nullptr) return answer_head(call);
  if (ngx_exiting) worker.leave();
  flight->give(bound);
  if (location_of(r).trace_sql != 0) {
    if (const std::string_view id = trace_id(r); !id.empty()) flight->set_trace(id);
  }
  call.state = Call::State::starting;
  const pg::Delivery delivery = may_stream(call) ? pg::Delivery::chunks : pg::Delivery::whole;
  Flights::start(std::move(flight), walk, {caller_of(call), delivery, r->connection}, call);
  if (call.state != Call::State::starting) return send_failure(call);  // it failed at once
  call.state = Call::State::waiting;
  return NGX_DONE;
}

ngx_int_t start_flight(Call& call) {
  ngx_http_request_t* r = call.request;
  if (has_left(r)) {
    count_abandoned(call);
    return NGX_HTTP_CLIENT_CLOSED_REQUEST;
  }
  const ngx_int_t rc = start_query(call);
  if (call.state != Call::State::waiting) return rc;
  r->main->count++;
  // A client that goes away frees the request, and the call leaves its flight.
  r->read_event_handler = ngx_http_test_reading;
  r->write_event_handler = ngx_http_request_empty_handler;
  return NGX_DONE;
}

// All that the answer needs has been read.
ngx_int_t answer(Call& call) {
  const core::Proof& proof = call.authenticate();
  if (proof.outcome == core::Proof::Outcome::proved || proof.outcome == core::Proof::Outcome::open)
    return start_flight(call);
  if (!call.problem) call.problem = {core::Slug::internal_error, {}, {}, "body_not_read"};
  return send_problem(call);
}

void on_body(ngx_http_request_t* r) noexcept try {
  Call* call = Call::current(r);
  if (call == nullptr) return ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
  call->end_reading();
  call->load_body();
  ngx_http_finalize_request(r, answer(*call));
} catch (...) {
  ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
}

ngx_int_t content(ngx_http_request_t* r) {
  if (location_of(r).enabled == 0) return NGX_DECLINED;
  if (!main_config(r).manifest) return NGX_HTTP_SERVICE_UNAVAILABLE;
  Call* call = call_of(r);
  if (call == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  // Subrequests skip the access phase, and `satisfy any` lets others answer it: only our own proof opens an
  // API.
  const core::Proof& proof = call->authenticate();
  if (proof.outcome == core::Proof::Outcome::refused) return send_problem(*call);
  const core::Api& api = *call->route.api;
  const bool wanted = proof.outcome == core::Proof::Outcome::requires_body || api.reads_body ||
                      api.is_query(view(r->method_name));
  if (!wanted || call->load_body() || !call->body_pending()) return answer(*call);
  if (r != r->main || r->request_body != nullptr || r->discard_body) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  const ngx_int_t rc = read_body(*call, on_body);
  return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}

// Whether the request still waits for us: a client that left may have begun nginx's post_action on it.
bool is_ours(const Call& call) {
  return ngx_http_get_module_ctx(call.request, ngx_http_tablegate_module) == &call;
}

// After an asynchronous answer. The call is gone when this returns.
void finish(Call& call, ngx_int_t rc) {
  ngx_http_request_t* r = call.request;
  ngx_connection_t* connection = r->connection;
  ngx_http_finalize_request(r, rc);
  ngx_http_run_posted_requests(connection);
}

ngx_int_t answer_rows(Call& call, const pg::Cells& cells, int64_t modified) {
  if (call.page == nullptr || !pg::has_columns_of(*call.route.api, cells))
    return send_rows(call, cells, modified, nullptr);
  core::PageAnswer page;
  switch (end_page(call, cells, page)) {
    case PageOutcome::good:
      break;
    case PageOutcome::counts_again:
      return start_query(call);
    case PageOutcome::failed:
      call.problem = {core::Slug::internal_error, {}, {}, "page"};
      return send_problem(call);
  }
  return send_rows(call, cells, modified, &page);
}

}  // namespace

ngx_int_t Call::take_rows(const pg::Cells& cells, int64_t modified, bool last) {
  // A small result was taken whole.
  if (!stream && !cells.is_chunk()) return answer_rows(*this, cells, modified);
  if (!stream) stream = std::make_unique<Stream>(*this, main_config(request).worker->stream_buffers());
  const ngx_int_t rc = stream->take(cells, modified, last);
  return rc == NGX_ABORT ? break_off(*this, core::Slug::internal_error) : rc;
}

void Call::on_rows(const pg::Cells& cells, int64_t modified, bool last) noexcept {
  if (last && state == State::waiting) state = State::proved;
  if (!is_ours(*this)) return leave();
  ngx_int_t rc = NGX_ERROR;
  try {
    rc = take_rows(cells, modified, last);
    if (last && state == State::waiting) return;  // for its rows once more
  } catch (...) {                                 // no memory: NGX_ERROR
    if (state == State::streaming) rc = break_off(*this, core::Slug::internal_error);
  }
  ngx_connection_t* connection = request->connection;
  // Else it is what is left to be sent of an answer that ends here.
  if (!last && rc == NGX_AGAIN && state != State::answered) return ngx_http_run_posted_requests(connection);
  leave();
  if (state == State::waiting) state = State::proved;  // it waits for nothing any more
  finish(*this, rc);
}

bool Call::starts_again() noexcept {
  if (!is_ours(*this) || state != State::waiting) return false;
  if (stream) stream->start_again();
  return true;
}

void Call::on_failure(core::Slug slug, std::string_view reason) noexcept {
  const bool at_once = state == State::starting;  // start_flight() answers
  const bool begun = state == State::streaming;
  state = State::proved;
  problem = {slug, {}, {}, reason};
  if (at_once || !is_ours(*this)) return;
  ngx_int_t rc = NGX_ERROR;
  try {
    rc = begun ? break_off(*this, slug, reason) : send_failure(*this);
  } catch (...) {  // no memory: NGX_ERROR
  }
  finish(*this, rc);
}

ngx_int_t access_handler(ngx_http_request_t* r) noexcept try { return access(r); } catch (...) {
  return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

ngx_int_t content_handler(ngx_http_request_t* r) noexcept try { return content(r); } catch (...) {
  return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

}  // namespace tablegate::ngx
