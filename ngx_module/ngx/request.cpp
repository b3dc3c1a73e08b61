#include "ngx/request.hpp"

#include <new>

#include "core/route/canary.hpp"
#include "ngx/statistics.hpp"
#include "ngx/worker.hpp"

namespace tablegate::ngx {

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

RequestState::Policy policy_of(ngx_http_request_t* r) {
  const LocationConfig& location = location_config(r);
  return {location.hmac_window, location.tls_terminated};
}

// nginx makes a new text when it changes one.
bool is_same(const ngx_str_t& one, const ngx_str_t& other) {
  return one.data == other.data && one.len == other.len;
}

}  // namespace

RequestState::RequestState(ngx_http_request_t* r)
    : request(r),
      uri(r->uri),
      args(r->args),
      policy(policy_of(r)),
      query(*this),
      last_modified{},
      deadline{} {}

RequestState* RequestState::make(ngx_http_request_t* r) {
  ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(r->pool, sizeof(RequestState));
  if (cleanup == nullptr) return nullptr;
  auto* state = new (cleanup->data) RequestState(r);
  for (ngx_pool_cleanup_t* other = cleanup->next; other != nullptr; other = other->next) {
    if (other->handler != clean_up) continue;  // subrequests share the pool
    state->client_nonce_ = static_cast<RequestState*>(other->data)->client_nonce_;
    break;
  }
  cleanup->handler = clean_up;
  ngx_http_set_ctx(r, state, ngx_http_tablegate_module);
  return state;
}

RequestState* RequestState::current(ngx_http_request_t* r) {
  auto* state = static_cast<RequestState*>(ngx_http_get_module_ctx(r, ngx_http_tablegate_module));
  // `rewrite` and `set $args` clear no r->ctx, and a variable may be read before the location is found. Once
  // we answer, nothing changes any more.
  if (state == nullptr || state->waiting || state->answered) return state;
  const Policy now = policy_of(r);
  const bool same = is_same(state->uri, r->uri) && is_same(state->args, r->args) &&
                    state->policy.hmac_window == now.hmac_window &&
                    state->policy.tls_terminated == now.tls_terminated;
  return same ? state : nullptr;
}

RequestState* RequestState::last(ngx_http_request_t* r) {
  if (RequestState* state = current(r)) return state;
  for (ngx_pool_cleanup_t* cleanup = r->pool->cleanup; cleanup != nullptr; cleanup = cleanup->next) {
    if (cleanup->handler != clean_up) continue;
    auto* state = static_cast<RequestState*>(cleanup->data);
    if (state->request == r) return state;  // subrequests share the pool
  }
  return nullptr;
}

// The request is going away: its client left, or it is done.
void RequestState::clean_up(void* data) noexcept {
  auto* state = static_cast<RequestState*>(data);
  if (state->deadline.event.timer_set) ngx_del_timer(&state->deadline.event);
  if (state->waiting) {
    Worker* worker = main_config(state->request).worker.get();
    if (worker != nullptr) worker->pool(*state->route.api).abandon(state->query);
    count_abandoned(*state);
  }
  state->~RequestState();
}

core::RequestData RequestState::data(const Headers& headers) const {
  core::RequestData data;
  data.path = view(request->uri);
  data.query = view(request->args);
  data.headers = &headers;
  data.body = body_loaded_ ? &body_ : nullptr;
  data.method = view(request->method_name);
  data.target = view(request->unparsed_uri);
  data.body_pending = body_pending();
  data.nonce = client_nonce_;
  return data;
}

bool RequestState::transport_allowed() {
  if (route.domain == nullptr || !route.domain->https || is_encrypted(request)) return true;
  redirect_to_https = route.domain->force_https;
  return false;
}

core::Problem RequestState::find_route() {
  const MainConfig& config = main_config(request);
  const Headers headers(request);
  route = config.manifest->router->find(view(request->headers_in.server), view(request->uri),
                                        view(request->method_name), view(request->args), &headers);
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

const core::Proof& RequestState::authenticate() {
  if (authenticated) return proof;
  authenticated = true;
  // Fail closed: whatever stops us below leaves a refusal behind.
  proof = {};
  problem = proof.problem;
  proof = prove();
  problem = proof.problem;
  if (proof.outcome == core::Proof::Outcome::proved || proof.outcome == core::Proof::Outcome::open)
    choose_version();
  if (proof.outcome != core::Proof::Outcome::wants_body) return proof;
  // Only the request itself can still read its body.
  authenticated = request != request->main;
  if (authenticated) proof = {};
  problem = authenticated ? proof.problem : core::Problem();
  return proof;
}

// Of an API with a canary: route and proof were the same for both.
void RequestState::choose_version() {
  const core::Api& api = *route.api;
  if (api.canary_weight == 0) return;
  const core::Consumer* consumer = proof.identity.consumer;
  const bool canary = consumer != nullptr ? core::takes_canary(consumer->name, api.id, api.canary_weight)
                                          : static_cast<uint32_t>(::random()) % 100 < api.canary_weight;
  if (canary) route.api = &main_config(request).manifest->apis[api.canary];
}

core::Proof RequestState::prove() {
  core::Proof refused;
  MainConfig& config = main_config(request);
  if (!config.manifest || !config.worker) return refused;
  if (!routed) {
    routed = true;
    route_problem_ = find_route();
  }
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
