#include "ngx/variables.hpp"

#include "ngx/request.hpp"

namespace tablegate::ngx {

namespace {

enum Variable : uintptr_t {
  kApi,
  kVersion,
  kConsumer,
  kConsumerClaimed,
  kCredential,
  kAuth,
  kError,
  kRows,
  kQueueTime,
  kQueryTime
};

struct Definition {
  ngx_str_t name;
  Variable variable;
};

// The state to read from. Proves the caller when nobody has yet, but never once the answer is on its way: no
// proof starts in the log phase (then the request's count is 0 or its header is sent).
RequestState* state_of(ngx_http_request_t* r) {
  RequestState* state = RequestState::current(r);
  if (state != nullptr && state->authenticated) return state;
  if (r->header_sent || r->main->count == 0) return RequestState::last(r);
  const auto* location =
      static_cast<const LocationConfig*>(ngx_http_get_module_loc_conf(r, ngx_http_tablegate_module));
  // A location with a content handler of its own is not ours (access.cpp).
  if (location == nullptr || location->enabled == 0 || r->content_handler != nullptr)
    return RequestState::last(r);
  if (state == nullptr) state = RequestState::make(r);
  if (state != nullptr) state->authenticate();
  return state;
}

bool set_text(ngx_http_request_t* r, ngx_http_variable_value_t* value, std::string_view text) {
  PoolArena arena(r->pool);
  const char* copy = arena.copy(text);
  if (copy == nullptr) return false;
  value->data = reinterpret_cast<u_char*>(const_cast<char*>(copy));
  value->len = static_cast<unsigned>(text.size());
  return true;
}

bool set_seconds(ngx_http_request_t* r, ngx_http_variable_value_t* value, uint64_t from_ms, uint64_t to_ms) {
  char text[32];
  const uint64_t ms = to_ms > from_ms ? to_ms - from_ms : 0;
  const u_char* end =
      ngx_snprintf(reinterpret_cast<u_char*>(text), sizeof(text), "%uL.%03uL", ms / 1000, ms % 1000);
  return set_text(r, value, {text, static_cast<size_t>(end - reinterpret_cast<u_char*>(text))});
}

// When waiting ended; now, where the caller left before.
uint64_t end_of(const RequestState& state) {
  return state.answered_ms != 0 ? state.answered_ms : ngx_current_msec;
}

std::string_view name_of(core::AuthenticationType type) {
  constexpr std::string_view kNames[] = {"api_key", "jwt", "hmac"};
  return kNames[static_cast<size_t>(type)];
}

// False: the variable has no value here.
bool read(ngx_http_request_t* r, const RequestState& state, Variable variable,
          ngx_http_variable_value_t* value) {
  const core::Api* api = state.route.api;
  const core::Identity& identity = state.proof.identity;
  switch (variable) {
    case kApi:
      return api != nullptr && set_text(r, value, api->name);
    case kVersion:
      return api != nullptr && set_text(r, value, std::to_string(api->version));
    case kConsumer:
      return identity.consumer != nullptr && set_text(r, value, identity.consumer->name);
    case kConsumerClaimed:
      return !state.proof.claimed.empty() && set_text(r, value, state.proof.claimed);
    case kCredential:
      return !identity.credential.empty() && set_text(r, value, identity.credential);
    case kAuth:
      return identity.consumer != nullptr && set_text(r, value, name_of(identity.type));
    case kError:
      if (state.replaced) return set_text(r, value, state.replaced_error);
      return state.problem && set_text(r, value, core::problem_kind(state.problem.slug).name);
    case kRows:
      return state.answered && !state.problem && set_text(r, value, std::to_string(state.rows));
    case kQueueTime:
      return state.query.submitted_ms != 0 &&
             set_seconds(r, value, state.query.submitted_ms,
                         state.query.sent_ms != 0 ? state.query.sent_ms : end_of(state));
    case kQueryTime:
      return state.query.sent_ms != 0 && set_seconds(r, value, state.query.sent_ms, end_of(state));
  }
  return false;
}

ngx_int_t get_variable(ngx_http_request_t* r, ngx_http_variable_value_t* value, uintptr_t data) noexcept try {
  const RequestState* state = state_of(r);
  if (state == nullptr || !read(r, *state, static_cast<Variable>(data), value)) {
    value->not_found = 1;
    return NGX_OK;
  }
  value->valid = 1;
  value->no_cacheable = 0;
  value->not_found = 0;
  return NGX_OK;
} catch (...) {
  return NGX_ERROR;
}

}  // namespace

ngx_int_t add_variables(ngx_conf_t* cf) noexcept {
  static const Definition kDefinitions[] = {
      {ngx_string("tablegate_api"), kApi},
      {ngx_string("tablegate_version"), kVersion},
      {ngx_string("tablegate_consumer"), kConsumer},
      {ngx_string("tablegate_consumer_claimed"), kConsumerClaimed},
      {ngx_string("tablegate_credential"), kCredential},
      {ngx_string("tablegate_auth"), kAuth},
      {ngx_string("tablegate_error"), kError},
      {ngx_string("tablegate_rows"), kRows},
      {ngx_string("tablegate_queue_time"), kQueueTime},
      {ngx_string("tablegate_query_time"), kQueryTime},
  };
  for (const Definition& definition : kDefinitions) {
    ngx_str_t name = definition.name;
    ngx_http_variable_t* variable = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (variable == nullptr) return NGX_ERROR;
    variable->get_handler = get_variable;
    variable->data = definition.variable;
  }
  return NGX_OK;
}

}  // namespace tablegate::ngx
