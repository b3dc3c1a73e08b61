#include "core/route/canary.hpp"

#include <set>

#include "core/mix.hpp"

namespace tablegate::core {

namespace {

std::set<std::string> header_parameters(const Api& api) {
  std::set<std::string> names;
  for (const Parameter& parameter : api.parameters) {
    if (parameter.place == ParameterPlace::header) names.insert(parameter.name);
  }
  return names;
}

}  // namespace

bool takes_canary(std::string_view consumer, uint32_t api_id, uint32_t weight) {
  return mix(consumer, uint64_t{api_id} << 32U) % 100 < weight;
}

std::string canary_fault(const Api& api, const Api& canary) {
  if (api.method != canary.method) return "method";
  if (api.query_method != canary.query_method) return "query_method";
  if (api.path != canary.path) return "path";
  if (api.domains != canary.domains) return "domains";
  // A caller that is not proved yet gets an error before one of the two is chosen.
  if (api.envelope != canary.envelope) return "envelope";
  const Authentication& one = api.authentication;
  const Authentication& other = canary.authentication;
  if (one.api_key != other.api_key || one.jwt != other.jwt || one.hmac != other.hmac) return "authentication";
  if (api.api_key_source.in != canary.api_key_source.in ||
      api.api_key_source.name != canary.api_key_source.name) {
    return "api_key_source";
  }
  if (!one.hmac) return {};
  if (api.hmac.sha256 != canary.hmac.sha256 || api.hmac.sha1 != canary.hmac.sha1 ||
      api.hmac.require_nonce != canary.hmac.require_nonce ||
      api.hmac.require_content_md5 != canary.hmac.require_content_md5) {
    return "hmac";
  }
  // Signatures must cover the headers of parameters.
  return header_parameters(api) == header_parameters(canary) ? "" : "request_parameters";
}

}  // namespace tablegate::core
