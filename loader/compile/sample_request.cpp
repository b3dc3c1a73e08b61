#include "compile/sample_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/near_name.hpp"
#include "base/refusal.hpp"
#include "core/answer/format.hpp"
#include "core/call/page.hpp"

namespace tablegate::loader {
namespace {

// That callers can send though the definition does not declare it.
std::vector<std::string> added_names(const ApiDefinition& api) {
  std::vector<std::string> names;
  if (api.has_format_parameter()) names.emplace_back(core::kFormatParameter);
  if (api.paginates()) {
    for (const core::PageParameter& one : core::kPageParameters) names.emplace_back(one.name);
  }
  return names;
}

bool is_added(const ApiDefinition& api, const std::string& name) {
  const std::vector<std::string> names = added_names(api);
  return std::find(names.begin(), names.end(), name) != names.end();
}

Values& place_of(const RequestParameter& parameter, SampleRequest& request) {
  if (parameter.place == "header") return request.headers;
  if (parameter.place == "path") return request.path_values;
  return parameter.place == "body" ? request.form : request.query;
}

}  // namespace

std::string SampleRequest::filled_path(const std::function<std::string(const std::string&)>& encode) const {
  std::string filled = path;
  for (const auto& [name, value] : path_values) {
    const std::string segment = "{" + name + "}";
    if (const size_t at = filled.find(segment); at != std::string::npos)
      filled.replace(at, segment.size(), encode(value));
  }
  return filled;
}

SampleRequest sample_request(const ApiDefinition& api, const std::string& name, const std::string& path,
                             const core::VersionKey& version, const Values& given) {
  for (const auto& [key, value] : given) {
    if (api.request_parameter(key) != nullptr || is_added(api, key)) continue;
    std::vector<std::string> names = added_names(api);
    for (const RequestParameter& parameter : api.request_parameters) names.push_back(parameter.name);
    throw Refused(
        fmt::format("API \"{}\" has no request parameter \"{}\"{}", name, key, did_you_mean(key, names)),
        Hint::command({"api", "show", name}));
  }
  SampleRequest request;
  request.method = api.method;
  request.path = path;
  if (version.in != core::VersionKey::In::none)
    (version.in == core::VersionKey::In::header ? request.headers : request.query)
        .emplace_back(version.name, version.value);
  for (const RequestParameter& parameter : api.request_parameters) {
    Values& place = place_of(parameter, request);
    bool known = false;
    for (const auto& [key, value] : given) {
      if (key != parameter.name) continue;
      if (known && parameter.takes_list()) {
        place.back().second += "," + value;
      } else {
        place.emplace_back(key, value);
      }
      known = true;
    }
    if (known) continue;
    if (const std::string* const sample = parameter.sample_text()) {
      place.emplace_back(parameter.name, *sample);
    } else if (parameter.required) {
      request.missing.push_back(parameter.name);
    }
  }
  for (const auto& [key, value] : given) {
    if (is_added(api, key)) (api.method == "POST" ? request.form : request.query).emplace_back(key, value);
  }
  return request;
}

}  // namespace tablegate::loader
