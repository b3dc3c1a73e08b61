#include "ngx/call.hpp"

#include <new>

#include "core/call/trace_context.hpp"
#include "core/route/canary.hpp"
#include "core/route/encoded_slash.hpp"
#include "ngx/server_timing.hpp"
#include "ngx/statistics.hpp"
#include "ngx/stream.hpp"
#include "ngx/worker.hpp"

namespace tablegate::ngx {

void Headers::visit(Visitor& visitor) const {
  for (const ngx_list_part_t* part = &request_->headers_in.headers.part; part != nullptr; part = part->next) {
    const auto* headers = static_cast<const ngx_table_elt_t*>(part->elts);
    for (ngx_uint_t i = 0; i < part->nelts; ++i) visitor.header(view(headers[i].key), view(headers[i].value));
  }
}

std::string_view Headers::find(std::string_view name, unsigned& count) const {
  count = 0;
  std::string_view value;
  for (const ngx_list_part_t* part = &request_->headers_in.headers.part; part != nullptr; part = part->next) {
    const auto* headers = static_cast<const ngx_table_elt_t*>(part->elts);
    for (ngx_uint_t i = 0; i < part->nelts; ++i) {
      if (headers[i].key.len != name.size()) continue;
      if (ngx_strncasecmp(headers[i].key.data, str(name).data, name.size()) != 0) continue;
      if (count++ == 0) value = view(headers[i].value);
    }
  }
  return value;
}

namespace {

// Over TLS to here, or to the proxy that the location says is in front.
bool is_encrypted(ngx_http_request_t* r) {
#if (NGX_HTTP_SSL)
  if (r->connection->ssl != nullptr) return true;
#endif
  return location_config(r).tls_terminated != 0;
}

Call::Policy policy_of(ngx_http_request_t* r) {
  const LocationConfig& location = location_config(r);
  return {location.hmac_window, location.tls_terminated};
}

std::string_view path_of(ngx_http_request_t* r) {
  if (!r->quoted_uri) return view(r->uri);
  PoolArena arena(r->pool);
  return core::mark_encoded_slashes(view(r->unparsed_uri), view(r->uri), arena);
}

// The manifest is there.
core::RouteMatch look_up(ngx_http_request_t* r, std::string_view path) {
  const Headers headers(r);
  return main_config(r).manifest->router->find(view(r->headers_in.server), path, view(r->method_name),
                                               view(r->args), &headers);
}

// nginx makes a new text when it changes one.
bool is_same(const ngx_str_t& one, const ngx_str_t& other) {
  return one.data == other.data && one.len == other.len;
}

}  // namespace

std::string_view trace_id(ngx_http_request_t* r) {
  unsigned count = 0;
  const std::string_view sent = Headers(r).find("traceparent", count);
  return count == 1 ? core::trace_id_of(sent) : std::string_view();
}

Call::Call(ngx_http_request_t* r)
    : request(r),
      uri(r->uri),
      args(r->args),
      policy(policy_of(r)),
      path(path_of(r)),
      last_modified{},
      entity_tag_text{} {}

Call::~Call() = default;

Call* Call::make(ngx_http_request_t* r) {
  ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(r->pool, sizeof(Call));
  if (cleanup == nullptr) return nullptr;
  auto* call = new (cleanup->data) Call(r);
  for (ngx_pool_cleanup_t* other = cleanup->next; other != nullptr; other = other->next) {
    if (other->handler != clean_up) continue;  // subrequests share the pool
    call->client_nonce_ = static_cast<Call*>(other->data)->client_nonce_;
    break;
  }
  cleanup->handler = clean_up;
  ngx_http_set_ctx(r, call, ngx_http_tablegate_module);
  return call;
}

Call* Call::current(ngx_http_request_t* r) {
  auto* call = static_cast<Call*>(ngx_http_get_module_ctx(r, ngx_http_tablegate_module));
  // `rewrite` and `set $args` clear no r->ctx, and a variable may be read before the location is found. Once
  // we answer, nothing changes any more.
  if (call == nullptr || call->state >= State::starting) return call;
  const Policy now = policy_of(r);
  const bool same = is_same(call->uri, r->uri) && is_same(call->args, r->args) &&
                    call->policy.hmac_window == now.hmac_window &&
                    call->policy.tls_terminated == now.tls_terminated;
  return same ? call : nullptr;
}

core::Envelope Call::envelope_of(ngx_http_request_t* r) {
  const Call* call = current(r);
  if (call != nullptr && call->state != State::start) return call->route.envelope;
  const bool ours = location_config(r).enabled != 0 && r->content_handler == nullptr;
  if (!ours || !main_config(r).manifest) return core::Envelope::tablegate;
  return look_up(r, path_of(r)).envelope;
}

Call* Call::last(ngx_http_request_t* r) {
  if (Call* call = current(r)) return call;
  for (ngx_pool_cleanup_t* cleanup = r->pool->cleanup; cleanup != nullptr; cleanup = cleanup->next) {
    if (cleanup->handler != clean_up) continue;
    auto* call = static_cast<Call*>(cleanup->data);
    if (call->request == r) return call;  // subrequests share the pool
  }
  return nullptr;
}

// The request is going away: its client left, or it is done.
void Call::clean_up(void* data) noexcept {
  auto* call = static_cast<Call*>(data);
  call->leave();
  if (call->state == State::waiting) count_abandoned(*call);
  call->~Call();
}

core::RequestData Call::data(const Headers& headers) const {
  core::RequestData data;
  data.path = path;
  data.query = view(request->args);
  data.headers = &headers;
  data.body = body_ ? &*body_ : nullptr;
  data.method = view(request->method_name);
  data.target = view(request->unparsed_uri);
  data.token_places = &main_config(request).manifest->jwt_index->sources();
  data.body_pending = body_pending();
  data.nonce = client_nonce_;
  return data;
}

bool Call::transport_allowed() {
  if (route.domain == nullptr || !route.domain->https || is_encrypted(request)) return true;
  transport = route.domain->force_https ? Transport::redirect : Transport::hidden;
  return false;
}

core::Problem Call::find_route() {
  route = look_up(request, path);
  if (!transport_allowed()) return {core::Slug::api_not_found, {}, {}};
  switch (route.outcome) {
    case core::RouteMatch::Outcome::found:
      return {};
    case core::RouteMatch::Outcome::method_not_allowed:
      return {core::Slug::method_not_allowed, {}, {}};
    case core::RouteMatch::Outcome::not_found:
      break;
  }
  return {core::Slug::api_not_found, {}, {}};
}

const core::Proof& Call::authenticate() {
  if (has_final_proof()) return proof;
  const State before = state;
  // Fail closed: whatever stops us below leaves a refusal behind.
  state = State::proved;
  proof = {};
  problem = proof.problem;
  const Stopwatch watch(request);
  proof = prove(before != State::start);
  auth_ns += watch.elapsed();
  problem = proof.problem;
  if (proof.outcome == core::Proof::Outcome::proved || proof.outcome == core::Proof::Outcome::open)
    choose_version();
  if (proof.outcome != core::Proof::Outcome::requires_body) return proof;
  if (request == request->main) {
    state = before == State::reading_for_proof ? before : State::routed;
    problem = {};
  } else {  // only the request itself can still read its body
    proof = {};
    problem = proof.problem;
  }
  return proof;
}

// Of an API with a canary: route and proof were the same for both.
void Call::choose_version() {
  const core::Api& api = *route.api;
  if (api.canary_weight == 0) return;
  const core::Consumer* consumer = proof.identity.consumer;
  const bool canary = consumer != nullptr ? core::takes_canary(consumer->name, api.id, api.canary_weight)
                                          : static_cast<uint32_t>(::random()) % 100 < api.canary_weight;
  const core::Api& other = main_config(request).manifest->apis[api.canary];
  if (canary) route.api = &other;
  if (consumer == nullptr) other_version = canary ? &api : &other;
}

core::Proof Call::prove(bool routed) {
  core::Proof refused;
  MainConfig& config = main_config(request);
  if (!config.manifest || !config.worker) return refused;
  if (!routed) route_problem_ = find_route();
  refused.problem = route_problem_;
  if (route_problem_) return refused;
  const core::Api& api = *route.api;
  if (api.authentication.hmac) load_body();
  const Headers headers(request);
  PoolArena arena(request->pool);
  return config.worker->authenticator().authenticate(api, data(headers), hmac_policy(request), ngx_time(),
                                                     arena);
}

}  // namespace tablegate::ngx
