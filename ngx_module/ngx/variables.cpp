#include "ngx/variables.hpp"

#include "ngx/answer_cache.hpp"
#include "ngx/call.hpp"

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
  kQueryTime,
  kCacheStatus,
  kTraceId
};

struct Definition {
  ngx_str_t name;
  Variable variable;
};

// The call to read from. Proves the caller when nobody has yet, but never once the answer is on its way: no
// proof starts in the log phase (then the request's count is 0 or its header is sent).
Call* proved_call(ngx_http_request_t* r) {
  Call* call = Call::current(r);
  if (call != nullptr && call->has_final_proof()) return call;
  if (r->header_sent || r->main->count == 0) return Call::last(r);
  const auto* location =
      static_cast<const LocationConfig*>(ngx_http_get_module_loc_conf(r, ngx_http_tablegate_module));
  // A location with a content handler of its own is not ours (phases.cpp).
  if (location == nullptr || location->enabled == 0 || r->content_handler != nullptr) return Call::last(r);
  if (call == nullptr) call = Call::make(r);
  if (call != nullptr) call->authenticate();
  return call;
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

// The end of `times`; now, where the caller left before.
uint64_t end_of(const Waiter::Times& times) {
  return times.ended != 0 ? times.ended : ngx_current_msec;
}

std::string_view name_of(core::AuthenticationType type) {
  constexpr std::string_view kNames[] = {"api_key", "jwt", "hmac"};
  return kNames[static_cast<size_t>(type)];
}

// False: the variable has no value here.
bool read(ngx_http_request_t* r, const Call& call, Variable variable, ngx_http_variable_value_t* value) {
  const core::Api* api = call.route.api;
  const core::Identity& identity = call.proof.identity;
  const Waiter::Times times = call.times();
  switch (variable) {
    case kApi:
      return api != nullptr && set_text(r, value, api->name);
    case kVersion:
      return api != nullptr && set_text(r, value, std::to_string(api->version));
    case kConsumer:
      return identity.consumer != nullptr && set_text(r, value, identity.consumer->name);
    case kConsumerClaimed:
      return !call.proof.claimed.empty() && set_text(r, value, call.proof.claimed);
    case kCredential:
      return !identity.credential.empty() && set_text(r, value, identity.credential);
    case kAuth:
      return identity.consumer != nullptr && set_text(r, value, name_of(identity.type));
    case kError:
      if (!call.replaced_error.empty()) return set_text(r, value, call.replaced_error);
      return call.problem && set_text(r, value, core::problem_kind(call.problem).name);
    case kRows:
      return call.state == Call::State::answered && !call.problem &&
             set_text(r, value, std::to_string(call.rows));
    case kQueueTime:
      return times.submitted != 0 &&
             set_seconds(r, value, times.submitted, times.sent != 0 ? times.sent : end_of(times));
    case kQueryTime:
      return times.sent != 0 && set_seconds(r, value, times.sent, end_of(times));
    case kCacheStatus:
      return call.state == Call::State::answered && !call.problem && !cache_status(call).empty() &&
             set_text(r, value, cache_status(call));
    case kTraceId:  // get_trace_id()
      break;
  }
  return false;
}

// Of the client's request, whoever answers it. It is what its headers say: no proof of who calls.
ngx_int_t get_trace_id(ngx_http_request_t* r, ngx_http_variable_value_t* value, uintptr_t) noexcept {
  const ngx_str_t id = str(trace_id(r));
  value->data = id.data;
  value->len = static_cast<unsigned>(id.len);
  value->valid = 1;
  value->no_cacheable = 0;
  value->not_found = id.len == 0 ? 1 : 0;
  return NGX_OK;
}

ngx_int_t get_variable(ngx_http_request_t* r, ngx_http_variable_value_t* value, uintptr_t data) noexcept try {
  const Call* call = proved_call(r);
  if (call == nullptr || !read(r, *call, static_cast<Variable>(data), value)) {
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
      {ngx_string("tablegate_cache_status"), kCacheStatus},
      {ngx_string("tablegate_trace_id"), kTraceId},
  };
  for (const Definition& definition : kDefinitions) {
    ngx_str_t name = definition.name;
    ngx_http_variable_t* variable = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (variable == nullptr) return NGX_ERROR;
    variable->get_handler = definition.variable == kTraceId ? get_trace_id : get_variable;
    variable->data = definition.variable;
  }
  return NGX_OK;
}

}  // namespace tablegate::ngx
