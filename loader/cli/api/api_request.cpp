#include "cli/api/api_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/percent.hpp"
#include "model/api_rules.hpp"

namespace tablegate::loader {
namespace {

// The value to send, or nullopt when an optional parameter has none.
std::optional<std::string> value_of(const JsonValue& parameter, const Values& given) {
  const std::string name = json_member(parameter, "name");
  for (const auto& [key, value] : given) {
    if (key == name) return value;
  }
  std::string sample;
  const JsonValue* const written = json_find(parameter, "sample");
  if (written != nullptr && json_scalar_text(*written, sample)) return sample;
  const JsonValue* const required = json_find(parameter, "required");
  if (required != nullptr && required->IsFalse()) return std::nullopt;
  throw Refused(fmt::format("parameter \"{}\" has no sample", name), fmt::format("--param {}=VALUE", name));
}

void check_names(const JsonValue* list, const Values& given) {
  for (const auto& [key, value] : given) {
    bool known = false;
    for (rapidjson::SizeType i = 0; list != nullptr && i < list->Size(); ++i)
      known = known || json_member((*list)[i], "name") == key;
    if (!known) throw Refused(fmt::format("the API has no parameter \"{}\"", key), "tablegate api show NAME");
  }
}

void read_authentication(const JsonValue& definition, ApiRequest& request) {
  if (const JsonValue* const list = json_find(definition, "authentication"))
    request.authentication = read_names(json_text(*list));
  if (const JsonValue* const hmac = json_find(definition, "hmac")) {
    if (const JsonValue* const methods = json_find(*hmac, "methods")) {
      const std::vector<std::string> allowed = read_names(json_text(*methods));
      if (std::find(allowed.begin(), allowed.end(), request.hmac_method) == allowed.end() && !allowed.empty())
        request.hmac_method = allowed.front();
    }
  }
  const JsonValue* const source = json_find(definition, "api_key_source");
  if (source == nullptr) return;
  request.key_header.clear();
  (json_member(*source, "in") == "header" ? request.key_header : request.key_query) =
      json_member(*source, "name");
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
  JsonDocument definition;
  parse_json(api.definition, definition);
  ApiRequest request;
  request.method = json_member(definition, "method", "GET");
  request.path = join_path(api.base_path, json_member(definition, "path"));
  read_authentication(definition, request);
  if (const core::VersionKey& key = api.version_key; key.in != core::VersionKey::In::none)
    (key.in == core::VersionKey::In::header ? request.headers : request.query)
        .emplace_back(key.name, key.value);
  const JsonValue* const list = json_find(definition, "request_parameters");
  check_names(list, parameters);
  for (rapidjson::SizeType i = 0; list != nullptr && i < list->Size(); ++i) {
    const JsonValue& parameter = (*list)[i];
    const std::string name = json_member(parameter, "name");
    const std::string in = json_member(parameter, "in", default_place(definition));
    const std::optional<std::string> value = value_of(parameter, parameters);
    if (!value) continue;
    if (in == "path") {
      const std::string segment = "{" + name + "}";
      const size_t at = request.path.find(segment);
      if (at != std::string::npos) request.path.replace(at, segment.size(), percent_encode(*value));
    } else {
      Values& place = in == "header" ? request.headers : in == "body" ? request.form : request.query;
      place.emplace_back(name, *value);
    }
  }
  return request;
}

}  // namespace tablegate::loader
