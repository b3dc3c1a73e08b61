// What we know of one request: its API, its proved caller, its query, its
// deadline. Lives in the request's pool from the first phase or variable that
// asks until the request ends; found again after an internal redirect, which
// clears r->ctx. Nothing of it outlives the request, so one request never
// changes the next on a connection.
#pragma once

#include "core/answer/problem.hpp"
#include "core/call/body.hpp"
#include "core/call/parameters.hpp"
#include "core/manifest/manifest.hpp"
#include "core/proof/authentication.hpp"
#include "core/route/router.hpp"
#include "core/text/http_date.hpp"
#include "ngx/config.hpp"
#include "ngx/ngx.hpp"
#include "pg/query.hpp"

namespace tablegate::ngx {

// The request's pool as core's arena.
class PoolArena final : public core::Arena {
 public:
  explicit PoolArena(ngx_pool_t* pool) : pool_(pool) {}
  void* allocate(size_t size) override { return ngx_palloc(pool_, size); }

 private:
  ngx_pool_t* pool_;
};

// The request's headers as core's source.
class Headers final : public core::HeaderSource {
 public:
  explicit Headers(ngx_http_request_t* r) : request_(r) {}
  std::string_view find(std::string_view name, unsigned& count) const override;

 private:
  ngx_http_request_t* request_;
};

class RequestState;

// The API's statement in the pool's hands.
class RequestQuery final : public pg::Query {
 public:
  explicit RequestQuery(RequestState& state) : state_(state) {}
  std::string sql() const override;
  void parameter_types(std::vector<Oid>& types) const override;
  void on_rows(const PGresult* rows) noexcept override;
  void on_failure(const pg::Failure& failure) noexcept override;
  bool expects(const std::string& sqlstate) const noexcept override;
  // The tables' generations were read once more (good), or could not be (Generations::reread).
  void on_reread(bool good) noexcept;

 private:
  RequestState& state_;
};

class RequestState {
 public:
  // Null: no memory.
  static RequestState* make(ngx_http_request_t* r);
  // The state of this pass through the phases, or null: after an internal redirect, and after a change of
  // what the state was made from (a rewrite, or another location whose policy differs), there is none until
  // make().
  static RequestState* current(ngx_http_request_t* r);
  // For logs: also the state of the pass before an internal redirect.
  static RequestState* last(ngx_http_request_t* r);

  // Route and proof, once: the proof of the route's API, or why there is none. `wants_body` is not final: it
  // is tried again once somebody has read the body.
  const core::Proof& authenticate();
  // Whether the host's domain may be answered over this connection; false: `redirect_to_https` tells whether
  // it is a redirect or a 404. Looks at `route`.
  bool transport_allowed();
  // The request has a body that nobody has read.
  bool body_pending() const;
  // Takes over a body that was read, by whomever. False: there is none, or it has not been read whole.
  bool load_body();
  // What core reads of the request, now.
  core::RequestData data(const Headers& headers) const;

  ngx_http_request_t* request;
  ngx_str_t uri;  // what route and identity come from
  ngx_str_t args;
  // What of its location's configuration route and proof depend on.
  struct Policy {
    time_t hmac_window;
    ngx_flag_t tls_terminated;
  } policy;
  core::RouteMatch route;
  core::Proof proof;
  core::Problem problem;       // what the caller is told; none while all is well
  bool authenticated = false;  // authenticate() has come to an end
  bool routed = false;         // find_route() has run
  bool redirect_to_https = false;
  bool reading_body = false;  // nginx reads the body for us
  bool answered = false;      // our answer was sent, or its sending failed
  // An error page of nginx's that our body takes the place of (error_filter.hpp).
  ngx_str_t replacement{};
  bool replaced = false;
  std::string_view replaced_error;  // its slug
  // The content handler's.
  RequestQuery query;
  bool submitting = false;
  bool waiting = false;  // the query is in the pool, or for a read of generations; the deadline runs
  bool reread = false;   // a table was not where it was thought to be: generations were read once more
  std::string missing;   // what the database said of it
  // The newest change in the tables that the answer is of, or older; INT64_MIN: not known.
  int64_t modified = INT64_MIN;
  char last_modified[core::kHttpDateSize + 1];
  size_t rows = 0;
  uint64_t answered_ms = 0;

  // Non-cancelable: a leaving worker stays until every request has its answer.
  struct Deadline {
    ngx_event_t event;
    RequestState* state;
  } deadline;

 private:
  explicit RequestState(ngx_http_request_t* r);
  static void clean_up(void* data) noexcept;
  core::Problem find_route();
  core::Proof prove();
  void choose_version();

  core::Problem route_problem_;
  // Subrequests and redirects bring the signature of the client's request again: all of its states share the
  // first one's nonce.
  std::optional<core::Digest> nonce_;
  std::optional<core::Digest>* client_nonce_ = &nonce_;
  core::Body body_;
  bool body_loaded_ = false;
};

// Has nginx read the body, then `handler` runs. A status of HTTP: it cannot be read, answer that.
ngx_int_t read_body(RequestState& state, ngx_http_client_body_handler_pt handler);

// What the request's location asks of signatures.
core::HmacPolicy hmac_policy(ngx_http_request_t* r);

// Phase handlers.
ngx_int_t access_handler(ngx_http_request_t* r) noexcept;
ngx_int_t content_handler(ngx_http_request_t* r) noexcept;

}  // namespace tablegate::ngx
