// A query string against parameters of every type: values are equal to those of
// a second, simpler decoder, are NUL-terminated, and pass the checks only in a
// form that PostgreSQL accepts.
#include <array>
#include <cstdint>
#include <cstring>

#include "core/call/parameters.hpp"
#include "core/digest.hpp"
#include "core/text/utf8.hpp"
#include "fuzzing.hpp"

using namespace tablegate::core;
using tablegate::fuzz::plain_decode;

namespace {

constexpr std::array<std::pair<ParameterType, ColumnType>, 14> kTypes = {
    {{ParameterType::string, ColumnType::text},
     {ParameterType::int_, ColumnType::int2},
     {ParameterType::int_, ColumnType::int4},
     {ParameterType::int_, ColumnType::numeric},
     {ParameterType::long_, ColumnType::int8},
     {ParameterType::float_, ColumnType::float4},
     {ParameterType::float_, ColumnType::float8},
     {ParameterType::double_, ColumnType::float4},
     {ParameterType::double_, ColumnType::float8},
     {ParameterType::boolean, ColumnType::boolean},
     {ParameterType::decimal, ColumnType::numeric},
     {ParameterType::date, ColumnType::date},
     {ParameterType::datetime, ColumnType::timestamp},
     {ParameterType::datetime, ColumnType::timestamptz}}};

// The number of occurrences of `name` in the query, and its first raw value.
QueryValue plain_find(std::string_view query, std::string_view name) {
  QueryValue found;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size() < query.size() ? pair.size() + 1 : pair.size());
    const size_t equals = pair.find('=');
    std::string decoded;
    if (pair.empty() || !plain_decode(pair.substr(0, equals), decoded) || decoded != name) continue;
    if (found.count++ == 0)
      found.raw = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
  }
  return found;
}

void check_parameter(const Parameter& parameter, std::string_view value) {
  BlockArena arena;
  std::string_view detail;
  const std::string_view bound = check_value(parameter, value, arena, detail);
  if (bound.data() == nullptr) {
    INVARIANT(!detail.empty());
    return;
  }
  INVARIANT(bound.data()[bound.size()] == '\0' && std::strlen(bound.data()) == bound.size());
  INVARIANT(bound.substr(0, value.size()) == value && valid_text(bound));
  // Numbers, true and false, times, " BC", "infinity", and the zone "UTC".
  if (parameter.type != ParameterType::string)
    INVARIANT(!bound.empty() &&
              bound.find_first_not_of("0123456789.+-:TZ eEtrufalsBCinyU") == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view query(reinterpret_cast<const char*>(data), size);
  for (const char* name : {"p", "a b", "a+b", "\xE4\xBD\xA0"}) {
    const QueryValue found = find_query_value(query, name);
    const QueryValue expected = plain_find(query, name);
    INVARIANT(found.count == expected.count && found.raw == expected.raw);
    if (found.count == 0) continue;
    BlockArena arena;
    const std::string_view value = decode_query_value(found.raw, arena);
    std::string plain;
    const bool good = plain_decode(found.raw, plain);
    INVARIANT((value.data() != nullptr) == good);
    if (!good) continue;
    INVARIANT(value == plain && value.data()[value.size()] == '\0');
    for (const auto& [type, column] : kTypes) {
      Parameter parameter;
      parameter.name = name;
      parameter.type = type;
      parameter.column_type = column;
      parameter.time_zone = "";
      check_parameter(parameter, value);
    }
  }

  // Whole binding: the first parameter is required, the second optional, the third has a default.
  Api api;
  api.parameters.resize(3);
  api.parameters[0].name = "p";
  api.parameters[1].name = "q";
  api.parameters[1].required = false;
  api.parameters[2].name = "r";
  api.parameters[2].default_value = "d";
  RequestData request;
  request.query = query;
  BlockArena arena;
  BoundValues bound;
  const Problem problem = bind_parameters(api, request, arena, bound);
  if (!problem) {
    INVARIANT(bound.values[0] != nullptr && bound.values[2] != nullptr);
    for (int i = 0; i < 3; ++i) INVARIANT(bound.values[i] == nullptr || valid_text(bound.values[i]));
  } else {
    INVARIANT(problem.slug == Slug::missing_parameter || problem.slug == Slug::invalid_parameter);
    INVARIANT(!problem.subject.empty() && !problem.detail.empty());
  }
  return 0;
}
