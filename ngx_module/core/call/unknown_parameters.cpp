#include "core/call/unknown_parameters.hpp"

#include <algorithm>

namespace tablegate::core {

namespace {

// The first '&' or the end.
size_t end_of_pair(std::string_view pairs, size_t at) {
  return std::min(pairs.find('&', at), pairs.size());
}

template <class Known>
bool has_unknown_pair(std::string_view pairs, Known known) {
  for (size_t at = 0; at < pairs.size();) {
    const size_t end = end_of_pair(pairs, at);
    const std::string_view pair = pairs.substr(at, end - at);
    if (!pair.empty() && !known(pair.substr(0, pair.find('=')))) return true;
    at = end + 1;
  }
  return false;
}

// A parameter of the API in `place`; `is_name` compares.
template <class IsName>
bool has_parameter(const Api& api, ParameterPlace place, IsName is_name) {
  return std::any_of(api.parameters.begin(), api.parameters.end(),
                     [&](const Parameter& one) { return one.place == place && is_name(one.name); });
}

}  // namespace

bool is_credential(const Api& api, const RequestData& request, std::string_view raw) {
  if (api.api_key_source.in == ApiKeySource::In::query && query_text_is(raw, api.api_key_source.name))
    return true;
  if (!api.authentication.jwt || request.token_places == nullptr) return false;
  return std::any_of(request.token_places->begin(), request.token_places->end(), [&](const TokenSource& one) {
    return one.in == TokenSource::In::query && query_text_is(raw, one.name);
  });
}

Problem refuse_unknown(const Api& api, const RequestData& request, std::string_view form,
                       const FlatObject& json) {
  const auto in_query = [&](std::string_view raw) {
    const auto is_raw = [raw](const std::string& name) { return query_text_is(raw, name); };
    return has_parameter(api, ParameterPlace::query, is_raw) ||
           (api.version_key.in == VersionKey::In::query && is_raw(api.version_key.name)) ||
           is_credential(api, request, raw);
  };
  const auto in_form = [&](std::string_view raw) {
    return has_parameter(api, ParameterPlace::body,
                         [raw](const std::string& name) { return query_text_is(raw, name); });
  };
  const auto in_object = [&](const FlatMember& member) {
    return member.object != 0 || member.kind == FlatMember::Kind::element ||
           has_parameter(api, ParameterPlace::body,
                         [&member](const std::string& name) { return name == member.name; });
  };
  const bool known = !has_unknown_pair(request.query, in_query) && !has_unknown_pair(form, in_form) &&
                     std::all_of(json.members, json.members + json.count, in_object);
  if (known) return {};
  return {Slug::invalid_parameter, {}, api.unknown_detail};
}

std::string unknown_detail(const Api& api) {
  if (api.parameters.empty()) return "a parameter is unknown: this API has none";
  std::string text = "a parameter is unknown: this API has ";
  for (const Parameter& one : api.parameters)
    text += (&one == &api.parameters.front() ? "" : ", ") + one.name;
  return text;
}

}  // namespace tablegate::core
