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

bool is_parameter_in(const Api& api, ParameterPlace place, std::string_view name) {
  return std::any_of(api.parameters.begin(), api.parameters.end(),
                     [place, name](const Parameter& one) { return one.place == place && one.name == name; });
}

bool is_token_place(const RequestData& request, std::string_view raw) {
  if (request.token_places == nullptr) return false;
  return std::any_of(request.token_places->begin(), request.token_places->end(), [&](const TokenSource& one) {
    return one.in == TokenSource::In::query && query_text_is(raw, one.name);
  });
}

bool is_api_key(const Api& api, std::string_view raw) {
  return api.api_key_source.in == ApiKeySource::In::query && query_text_is(raw, api.api_key_source.name);
}

}  // namespace

bool is_credential(const Api& api, const RequestData& request, std::string_view raw) {
  return is_api_key(api, raw) || is_token_place(request, raw);
}

Problem refuse_unknown(const Api& api, const RequestData& request, GivenValues& given) {
  const auto in_query = [&](std::string_view raw) {
    return given.has_parameter(raw) ||
           (api.version_key.in == VersionKey::In::query && query_text_is(raw, api.version_key.name)) ||
           is_api_key(api, raw) || (api.authentication.jwt && is_token_place(request, raw));
  };
  const auto in_form = [&given](std::string_view raw) { return given.has_parameter(raw); };
  // No member of an object occurs twice, so few of them are known, and the first other one ends the search.
  const ParameterPlace body_place = GivenValues::body_place(api, request);
  const auto in_object = [&](const FlatMember& member) {
    return member.object != 0 || member.element || is_parameter_in(api, body_place, member.name);
  };
  given.look_in(ParameterPlace::query);
  bool known = !has_unknown_pair(request.query, in_query);
  given.look_in(body_place);
  known = known && !has_unknown_pair(given.form(), in_form);
  const FlatObject& json = given.object();
  known = known && std::all_of(json.members, json.members + json.count, in_object);
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
