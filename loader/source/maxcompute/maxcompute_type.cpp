#include "source/maxcompute/maxcompute_type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tablegate::loader {
namespace {

using Kind = MaxComputeType::Kind;

struct NamedKind {
  std::string_view name;
  Kind kind;
};

constexpr NamedKind kKinds[] = {
    {"tinyint", Kind::tinyint},
    {"smallint", Kind::smallint},
    {"int", Kind::int_},
    {"integer", Kind::int_},
    {"bigint", Kind::bigint},
    {"interval_year_month", Kind::interval_year_month},
    {"boolean", Kind::boolean},
    {"float", Kind::float_},
    {"double", Kind::double_},
    {"string", Kind::string},
    {"varchar", Kind::varchar},
    {"char", Kind::char_},
    {"binary", Kind::binary},
    {"json", Kind::json},
    {"decimal", Kind::decimal},
    {"datetime", Kind::datetime},
    {"date", Kind::date},
    {"timestamp", Kind::timestamp},
    {"timestamp_ntz", Kind::timestamp_ntz},
    {"interval_day_time", Kind::interval_day_time},
    {"array", Kind::array},
    {"map", Kind::map},
    {"struct", Kind::struct_},
};

}  // namespace

std::string maxcompute_type(const DdlType& ddl, MaxComputeType& type) {
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&ddl](const NamedKind& known) { return known.name == ddl.name; });
  if (found == std::end(kKinds)) return fmt::format("type {} is unknown", ddl.name);
  type.kind = found->kind;
  type.fields = ddl.fields;
  for (const DdlType& child : ddl.children) {
    MaxComputeType inner;
    if (std::string reason = maxcompute_type(child, inner); !reason.empty()) return reason;
    type.children.push_back(std::move(inner));
  }
  return {};
}

}  // namespace tablegate::loader
