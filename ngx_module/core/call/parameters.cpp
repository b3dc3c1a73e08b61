#include "core/call/parameters.hpp"

#include <algorithm>
#include <new>

#include "core/call/accept.hpp"
#include "core/call/given_values.hpp"
#include "core/call/list_value.hpp"
#include "core/call/page.hpp"
#include "core/call/unknown_parameters.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

struct Found {
  unsigned count = 0;
  std::string_view value;  // decoded and NUL-terminated; null data(): rejected
  std::string_view complaint = "is not correctly percent-encoded";
};

// A copy, because values must be NUL-terminated.
std::string_view copy_of(std::string_view value, Arena& arena) {
  const char* copy = arena.copy(value);
  return copy == nullptr ? std::string_view() : std::string_view(copy, value.size());
}

// A member of the body's object. Its JSON type must be that of the parameter: 5 as a text could be "5" or
// "5.0". null is the same as absent.
Found find_member(const FlatMember& member, const Parameter& parameter, Arena& arena) {
  using Kind = FlatMember::Kind;
  Found found;
  if (member.kind == Kind::null) return found;
  found.count = 1;
  const bool number = is_number(parameter.type);
  const bool truth = parameter.type == ParameterType::boolean;
  switch (member.kind) {
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
  found.value = copy_of(member.text, arena);
  return found;
}

// A value within a path: nginx has decoded it, apart from slashes.
std::string_view path_value(std::string_view value, Arena& arena) {
  char* copy = arena.copy(value);
  if (copy == nullptr) return {};
  std::replace(copy, copy + value.size(), '\0', '/');
  return {copy, value.size()};
}

Found find_parameter(const Parameter& parameter, const GivenValue& given, Arena& arena) {
  if (given.member != nullptr) return find_member(*given.member, parameter, arena);
  Found found;
  found.count = given.count;
  if (found.count != 1) return found;
  switch (parameter.place) {
    case ParameterPlace::query:
    case ParameterPlace::body:
      found.value = decode_query_value(given.raw, arena);
      break;
    case ParameterPlace::path:
      found.value = path_value(given.raw, arena);
      break;
    case ParameterPlace::header:
      found.value = copy_of(given.raw, arena);
      break;
  }
  return found;
}

// Of an API with several formats: by the parameter `format`, which may be null, otherwise by Accept.
Problem bind_format(const Api& api, const char* given, const HeaderSource* headers, BoundValues& bound) {
  const Formats& formats = api.formats;
  bound.accept_chose = given == nullptr;
  const std::optional<Format> chosen =
      given == nullptr ? choose_format(formats.list, headers) : parse_format(given);
  if (chosen && formats.list.has(*chosen)) {
    bound.format = *chosen;
    return {};
  }
  if (given == nullptr) return {Slug::not_acceptable, {}, formats.accept_detail};
  return {Slug::invalid_parameter, api.parameters[formats.parameter].name, formats.detail};
}

// Finds one header by its name.
class OneHeader final : public HeaderSource::Visitor {
 public:
  explicit OneHeader(std::string_view name) : name_(name) {}
  void header(std::string_view name, std::string_view value) override {
    if (same_in_any_case(name, name_) && count++ == 0) first = value;
  }

  unsigned count = 0;
  std::string_view first;

 private:
  std::string_view name_;
};

}  // namespace

std::string_view HeaderSource::find(std::string_view name, unsigned& count) const {
  OneHeader one(name);
  visit(one);
  count = one.count;
  return one.first;
}

Problem bind_parameters(const Api& api, const RequestData& request, Arena& arena, BoundValues& bound) {
  bound = {};
  bound.format = api.formats.list.front();
  GivenValues given(api, arena);
  const size_t parameters = api.parameters.size();
  const size_t count = parameters + api.internal.size();
  if (count == 0 && !api.is_query(request.method))
    return api.unknown_detail.empty() ? Problem() : refuse_unknown(api, request, given);
  const char** values = static_cast<const char**>(arena.allocate((count + 1) * sizeof(const char*)));
  if (values == nullptr) return {Slug::internal_error, {}, {}};
  if (const Problem problem = given.read(request)) return problem;
  BoundItems* items = nullptr;
  for (size_t i = 0; i < parameters; ++i) {
    const Parameter& parameter = api.parameters[i];
    if (parameter.list) {
      if (const Problem problem = bind_list(api, i, given, arena, values, items)) return problem;
      continue;
    }
    Found found = find_parameter(parameter, given[i], arena);
    if (found.count > 1) return {Slug::invalid_parameter, parameter.name, "is given more than once"};
    if (found.count == 0) {
      if (parameter.default_value) {
        found.value = *parameter.default_value;
      } else if (parameter.required) {
        return {Slug::missing_parameter, parameter.name, "is required"};
      } else {
        values[i] = nullptr;
        continue;
      }
    }
    if (found.value.data() == nullptr) {
      return {Slug::invalid_parameter, parameter.name, found.complaint, {}};
    }
    std::string_view detail;
    const std::string_view checked = check_value(parameter, found.value, arena, detail);
    if (checked.data() == nullptr)
      return {Slug::invalid_parameter, parameter.name, page_detail(api, i, detail)};
    values[i] = checked.data();
  }
  if (!api.unknown_detail.empty()) {
    if (const Problem problem = refuse_unknown(api, request, given)) return problem;
  }
  for (size_t i = parameters; i < count; ++i) {
    const InternalValue& value = api.internal[i - parameters];
    if (value.fixed == nullptr && value.is_of_mask()) return {Slug::internal_error, {}, {}, "no_mask_key"};
    values[i] = value.fixed;
  }
  bound.values = values;
  bound.items = items;
  if (api.formats.list.size() > 1) {
    const Problem problem = bind_format(api, values[api.formats.parameter], request.headers, bound);
    if (problem) return problem;
  }
  if (api.pages.max_size != 0) {
    void* const room = arena.allocate(sizeof(BoundPage));
    if (room == nullptr) return {Slug::internal_error, {}, {}};
    bound.page = ::new (room) BoundPage();
    return bind_page(api, values, items, arena, *bound.page);
  }
  return {};
}

}  // namespace tablegate::core
