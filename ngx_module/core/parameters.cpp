#include "core/parameters.hpp"

#include "core/router.hpp"
#include "core/utf8.hpp"

namespace tablegate::core {

namespace {

struct Found {
  unsigned count = 0;
  std::string_view value;  // decoded and NUL-terminated; null data(): bad encoding
};

Found find_parameter(const Api& api, const Parameter& parameter, const RequestData& request, Arena& arena) {
  Found found;
  switch (parameter.place) {
    case ParameterPlace::query: {
      const QueryValue value = find_query_value(request.query, parameter.name);
      found.count = value.count;
      if (value.count == 1) found.value = decode_query_value(value.raw, arena);
      return found;
    }
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
  if (api.parameters.empty()) return {};
  const char** values =
      static_cast<const char**>(arena.allocate(api.parameters.size() * sizeof(const char*)));
  if (values == nullptr) return {Slug::internal_error, {}, {}};
  for (const Parameter& parameter : api.parameters) {
    Found found = find_parameter(api, parameter, request, arena);
    if (found.count > 1) return {Slug::invalid_parameter, parameter.name, "is given more than once"};
    if (found.count == 0) {
      if (parameter.default_value) {
        found.value = *parameter.default_value;
      } else if (parameter.required) {
        return {Slug::missing_parameter, parameter.name, "is required"};
      } else {
        continue;
      }
    }
    if (found.value.data() == nullptr) {
      return {Slug::invalid_parameter, parameter.name, "is not correctly percent-encoded"};
    }
    std::string_view detail;
    const std::string_view checked = check_value(parameter, found.value, arena, detail);
    if (checked.data() == nullptr) return {Slug::invalid_parameter, parameter.name, detail};
    values[bound.count++] = checked.data();
    if (parameter.optional_bit >= 0) bound.mask |= uint64_t{1} << parameter.optional_bit;
  }
  bound.values = values;
  return {};
}

}  // namespace tablegate::core
