// One request that calls an API: its route, its proved caller, its state, its place
// in a flight. Lives in the request's pool from the first phase or variable that
// asks until the request ends. nginx clears r->ctx at an internal redirect: then
// there is another one. Nothing of it outlives the request, so one request never
// changes the next on a connection.
#pragma once

#include <memory>
#include <optional>

#include "core/answer/entity_tag.hpp"
#include "core/answer/problem.hpp"
#include "core/call/body.hpp"
#include "core/call/parameters.hpp"
#include "core/manifest/manifest.hpp"
#include "core/proof/authentication.hpp"
#include "core/route/router.hpp"
#include "core/text/http_date.hpp"
#include "ngx/config.hpp"
#include "ngx/flight.hpp"
#include "ngx/ngx.hpp"

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
  void visit(Visitor& visitor) const override;
  std::string_view find(std::string_view name, unsigned& count) const override;

 private:
  ngx_http_request_t* request_;
};

struct PageOfCall;
class Stream;

// Of an answer of rows, where there is a tablegate_cache_zone (answer_cache.hpp).
enum class CacheStatus : uint8_t { none, bypass, miss, hit, stale };

class Call final : public Waiter {
 public:
  // In this order, apart from `reading` and `proved`, which may follow each other.
  enum class State : uint8_t {
    start,              // nothing is known yet
    routed,             // the route is known; the proof needs the body
    reading_for_proof,  // nginx reads the body for the proof
    proved,             // the proof is final: good or not
    reading,            // nginx reads the body for the parameters, or discards it
    starting,           // its flight starts: the content handler itself sends what comes now
    waiting,            // for the flight, or for the deadline
    streaming,          // the header of a long answer was sent, and its rows follow
    answered,           // our answer was sent, or its sending failed
  };
  // Whether the host's domain may be answered over this connection.
  enum class Transport : uint8_t {
    allowed,
    hidden,    // HTTPS is required: 404
    redirect,  // HTTPS is required: 308
  };

  // Null: no memory.
  static Call* make(ngx_http_request_t* r);
  // The call of this pass through the phases, or null: after an internal redirect, and after a change of
  // what it was made from (a rewrite, or another location whose policy differs), there is none until make().
  static Call* current(ngx_http_request_t* r);
  // Of the answers of the API that the request asks for, as far as that is known: for an error of nginx's
  // own, which may come before route and proof are looked at.
  static core::Envelope envelope_of(ngx_http_request_t* r);
  // For logs: also the call of the pass before an internal redirect.
  static Call* last(ngx_http_request_t* r);

  // Route and proof, once: the proof of the route's API, or why there is none. `requires_body` is not final:
  // it is tried again once somebody has read the body.
  const core::Proof& authenticate();
  bool has_final_proof() const { return state >= State::proved; }
  // Sets and checks `transport`. Looks at `route`.
  bool transport_allowed();

  // nginx reads the body for us: it may answer an error of its own.
  bool is_reading() const { return state == State::reading_for_proof || state == State::reading; }
  void begin_reading() { state = has_final_proof() ? State::reading : State::reading_for_proof; }
  void end_reading() { state = state == State::reading_for_proof ? State::routed : State::proved; }
  // The request has a body that has not been read.
  bool body_pending() const;
  // Takes over a body that was read, by whomever. False: there is none, or it has not been read whole.
  bool load_body();
  // What core reads of the request, now.
  core::RequestData data(const Headers& headers) const;

  // Waiter
  void on_rows(const pg::Cells& cells, int64_t modified, bool last) noexcept override;
  bool starts_again() noexcept override;
  void on_failure(core::Slug slug, std::string_view reason) noexcept override;

  ngx_http_request_t* request;
  ngx_str_t uri;  // what route and identity come from
  ngx_str_t args;
  // The settings of its location on which route and proof depend.
  struct Policy {
    time_t hmac_window;
    ngx_flag_t tls_terminated;
  } policy;
  State state = State::start;
  Transport transport = Transport::allowed;
  std::string_view path;  // that the route is found by: `uri`, but encoded slashes are data
  core::RouteMatch route;
  // Of an open API with a canary: the version that was not chosen. Else null.
  const core::Api* other_version = nullptr;
  core::Proof proof;
  core::Problem problem;           // the error of the answer; none while all is well
  size_t rows = 0;                 // sent
  uint64_t auth_ns = 0;            // that route and proof took (server_timing.hpp)
  std::unique_ptr<Stream> stream;  // of rows in chunks, once some have come
  PageOfCall* page = nullptr;      // of an API with pages, once its parameters are bound
  // Of the rows, once the parameters are bound; `accept_chose`: by the Accept headers.
  core::Format format = core::Format::json;
  bool accept_chose = false;
  char last_modified[core::kHttpDateSize + 1];
  // Of the rows (validators.hpp). The tag is empty where it is not known.
  bool has_digest = false;
  core::CallDigest digest;
  std::string_view entity_tag;
  char entity_tag_text[core::kEntityTagRoom];
  CacheStatus cache_status = CacheStatus::none;
  core::CallText* kept_under = nullptr;  // null: its answer is not kept
  // PostgreSQL cannot be asked: so long ago what the answer is given by was known to be right.
  std::optional<uint64_t> stale_seconds;
  // Our body in place of an error page of nginx's (error_filter.hpp). Its slug is empty where there is none.
  std::string_view replacement;
  std::string_view replaced_error;

 private:
  explicit Call(ngx_http_request_t* r);
  ~Call();
  ngx_int_t take_rows(const pg::Cells& cells, int64_t modified, bool last);
  static void clean_up(void* data) noexcept;
  core::Problem find_route();
  core::Proof prove(bool routed);
  void choose_version();

  core::Problem route_problem_;
  // Subrequests and redirects bring the signature of the client's request again: all of its calls share the
  // first one's nonce.
  std::optional<core::Digest> nonce_;
  std::optional<core::Digest>* client_nonce_ = &nonce_;
  std::optional<core::Body> body_;
};

// Has nginx read the body, then `handler` runs. A status of HTTP: it cannot be read, answer that.
ngx_int_t read_body(Call& call, ngx_http_client_body_handler_pt handler);

// The trace that the client's traceparent names; empty: it has none that is valid. Lives as long as the
// request.
std::string_view trace_id(ngx_http_request_t* r);

// What the request's location asks of signatures.
core::HmacPolicy hmac_policy(ngx_http_request_t* r);

}  // namespace tablegate::ngx
