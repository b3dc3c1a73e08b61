#include "cli/api/api_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/percent.hpp"
#include "catalog/lookup.hpp"

namespace tablegate::loader {
namespace {

// A method of the HMAC signature that the API takes: the default one where it may be chosen.
std::string hmac_method(const ApiDefinition& api) {
  const std::string preferred = HmacRule().methods.front();
  const std::vector<std::string> methods = api.hmac_rule().methods;
  const bool allowed = std::find(methods.begin(), methods.end(), preferred) != methods.end();
  return allowed || methods.empty() ? preferred : methods.front();
}

}  // namespace

std::string version_query(const core::VersionKey& key) {
  return key.in == core::VersionKey::In::query ? "?" + encode_values({{key.name, key.value}}) : std::string();
}

bool ApiRequest::takes(std::string_view type) const {
  return std::find(authentication.begin(), authentication.end(), type) != authentication.end();
}

std::string ApiRequest::target() const {
  return query.empty() ? path : path + "?" + encode_values(query);
}

ApiRequest make_request(const ServedApi& api, const Values& parameters) {
  SampleRequest sample = sample_request(
      api.definition, api.name, join_path(api.base_path, api.definition.path), api.version_key, parameters);
  if (!sample.missing.empty()) {
    Hint with_values = Hint::again();
    for (const std::string& name : sample.missing) with_values = with_values.add("--param", name + "=VALUE");
    throw Refused(fmt::format("parameter {} has no sample", name_list(sample.missing)), with_values);
  }
  ApiRequest request;
  request.method = sample.method;
  request.path = sample.filled_path([](const std::string& value) { return percent_encode(value); });
  request.query = std::move(sample.query);
  request.form = std::move(sample.form);
  request.headers = std::move(sample.headers);
  request.authentication = api.definition.authentication;
  const ApiKeySource source = api.definition.key_source();
  (source.in == "header" ? request.key_header : request.key_query) = source.name;
  request.hmac_method = hmac_method(api.definition);
  return request;
}

}  // namespace tablegate::loader
