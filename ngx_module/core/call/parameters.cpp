#include "core/call/parameters.hpp"

#include "core/call/unknown_parameters.hpp"
#include "core/route/router.hpp"
#include "core/text/utf8.hpp"

namespace tablegate::core {

namespace {

struct Found {
  unsigned count = 0;
  std::string_view value;  // decoded and NUL-terminated; null data(): rejected
  std::string_view complaint = "is not correctly percent-encoded";
};

Found find_pair(std::string_view pairs, const Parameter& parameter, Arena& arena) {
  Found found;
  const QueryValue value = find_query_value(pairs, parameter.name);
  found.count = value.count;
  if (value.count == 1) found.value = decode_query_value(value.raw, arena);
  return found;
}

// A member of the body's object. Its JSON type must be that of the parameter: 5 as a text could be "5" or
// "5.0". null is the same as absent.
Found find_member(const FlatObject& object, const Parameter& parameter, Arena& arena) {
  using Kind = FlatMember::Kind;
  Found found;
  const FlatMember* member = object.find(parameter.name);
  if (member == nullptr || member->kind == Kind::null) return found;
  found.count = 1;
  const bool number = is_number(parameter.type);
  const bool truth = parameter.type == ParameterType::boolean;
  switch (member->kind) {
    case Kind::number:
      found.complaint = "must be a JSON string";
      if (!number && !truth) return found;
      break;
    case Kind::truth:
      found.complaint = number ? "must be a JSON number" : "must be a JSON string";
      if (!truth) return found;
      break;
    case Kind::text:
      break;
    default:
      found.complaint = "must be one value";
      return found;
  }
  const char* copy = arena.copy(member->text);  // values must be NUL-terminated
  if (copy != nullptr) found.value = {copy, member->text.size()};
  return found;
}

// The bodies that parameters are read from.
struct BodyValues {
  std::string_view form;
  FlatObject json;
  bool is_json = false;
};

Problem read_body(const RequestData& request, Arena& arena, BodyValues& out) {
  if (request.body_pending) return {Slug::internal_error, {}, {}, "body_not_read"};
  if (request.body == nullptr) return {};
  switch (request.body->kind) {
    case Body::Kind::none:
      return {};
    case Body::Kind::form:
      out.form = request.body->bytes;
      return {};
    case Body::Kind::json:
      out.is_json = true;
      return parse_json_body(request.body->bytes, arena, out.json);
    case Body::Kind::other:
      break;
  }
  return {Slug::unsupported_media_type, {}, {}};
}

Found find_parameter(const Api& api, const Parameter& parameter, const RequestData& request,
                     const BodyValues& body, Arena& arena) {
  Found found;
  switch (parameter.place) {
    case ParameterPlace::query:
      return find_pair(request.query, parameter, arena);
    case ParameterPlace::body:
      return body.is_json ? find_member(body.json, parameter, arena) : find_pair(body.form, parameter, arena);
    case ParameterPlace::path: {
      const std::string_view value = path_parameter(api, request.path, parameter.name);
      found.count = value.empty() ? 0 : 1;
      const char* copy = arena.copy(value);
      if (copy != nullptr) found.value = {copy, value.size()};
      return found;
    }
    case ParameterPlace::header: {
      if (request.headers == nullptr) return found;
      const std::string_view value = request.headers->find(parameter.name, found.count);
      const char* copy = arena.copy(value);
      if (copy != nullptr) found.value = {copy, value.size()};
      return found;
    }
  }
  return found;
}

}  // namespace

Problem bind_parameters(const Api& api, const RequestData& request, Arena& arena, BoundValues& bound) {
  bound = {};
  if (api.parameters.empty())
    return api.unknown_detail.empty() ? Problem() : refuse_unknown(api, request, {}, {});
  const char** values =
      static_cast<const char**>(arena.allocate(api.parameters.size() * sizeof(const char*)));
  if (values == nullptr) return {Slug::internal_error, {}, {}};
  BodyValues body;
  if (api.reads_body) {
    if (const Problem problem = read_body(request, arena, body)) return problem;
  }
  const char** next = values;
  for (const Parameter& parameter : api.parameters) {
    Found found = find_parameter(api, parameter, request, body, arena);
    if (found.count > 1) return {Slug::invalid_parameter, parameter.name, "is given more than once"};
    if (found.count == 0) {
      if (parameter.default_value) {
        found.value = *parameter.default_value;
      } else if (parameter.required) {
        return {Slug::missing_parameter, parameter.name, "is required"};
      } else {
        *next++ = nullptr;
        continue;
      }
    }
    if (found.value.data() == nullptr) {
      return {Slug::invalid_parameter, parameter.name, found.complaint, {}};
    }
    std::string_view detail;
    const std::string_view checked = check_value(parameter, found.value, arena, detail);
    if (checked.data() == nullptr) return {Slug::invalid_parameter, parameter.name, detail};
    *next++ = checked.data();
  }
  if (!api.unknown_detail.empty()) {
    if (const Problem problem = refuse_unknown(api, request, body.form, body.json)) return problem;
  }
  bound.values = values;
  return {};
}

}  // namespace tablegate::core
