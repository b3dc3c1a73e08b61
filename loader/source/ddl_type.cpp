#include "source/ddl_type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace tablegate::loader {
namespace {

using core::ColumnType;

struct PlainType {
  std::string_view name;
  ColumnType type;
  std::string_view sql;
};

constexpr PlainType kPlainTypes[] = {
    {"tinyint", ColumnType::int2, "smallint"},
    {"smallint", ColumnType::int2, "smallint"},
    {"int", ColumnType::int4, "integer"},
    {"integer", ColumnType::int4, "integer"},
    {"bigint", ColumnType::int8, "bigint"},
    {"float", ColumnType::float4, "real"},
    {"double", ColumnType::float8, "double precision"},
    {"string", ColumnType::text, "text"},
    {"binary", ColumnType::bytea, "bytea"},
    {"boolean", ColumnType::boolean, "boolean"},
    {"date", ColumnType::date, "date"},
    {"datetime", ColumnType::timestamptz, "timestamptz(3)"},   // milliseconds
    {"timestamp", ColumnType::timestamptz, "timestamptz(6)"},  // nanoseconds there, microseconds here
    {"timestamp_ntz", ColumnType::timestamp, "timestamp(6)"},
    {"json", ColumnType::jsonb, "jsonb"},
};

// An argument as a number from `low` to `high`; -1 when it is none.
int bounded(const std::string& text, int low, int high) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos) return -1;
  const int value = std::stoi(text);
  return value >= low && value <= high ? value : -1;
}

std::string map_decimal(const DdlType& type, TableColumn& column) {
  int precision = 38;
  int scale = 18;
  if (!type.arguments.empty()) {
    precision = bounded(type.arguments[0], 1, 38);
    scale = type.arguments.size() > 1 ? bounded(type.arguments[1], 0, 18) : 0;
    if (precision < 0 || scale < 0 || scale > precision) {
      return "DECIMAL(p,s) has p from 1 to 38 and s from 0 to 18, not above p";
    }
  }
  column.type = ColumnType::numeric;
  column.sql_type = fmt::format("numeric({},{})", precision, scale);
  return {};
}

std::string map_text(const DdlType& type, TableColumn& column) {
  const int limit = type.name == "char" ? 255 : 65535;
  if (type.arguments.size() != 1 || bounded(type.arguments[0], 1, limit) < 0) {
    return fmt::format("{}(n) has n from 1 to {}", type.name, limit);
  }
  column.type = ColumnType::text;
  column.sql_type = "text";
  return {};
}

}  // namespace

std::string map_ddl_type(const DdlType& type, TableColumn& column) {
  if (type.name == "decimal") return map_decimal(type, column);
  if (type.name == "varchar" || type.name == "char") return map_text(type, column);
  for (const std::string_view nested :
       {"array", "map", "struct", "interval", "interval_day_time", "interval_year_month", "vector"}) {
    if (type.name == nested) return fmt::format("type {} is not supported yet", type.name);
  }
  const auto* plain =
      std::find_if(std::begin(kPlainTypes), std::end(kPlainTypes),
                   [&type](const PlainType& candidate) { return candidate.name == type.name; });
  if (plain == std::end(kPlainTypes)) return fmt::format("type {} is not known", type.name);
  if (!type.arguments.empty()) return fmt::format("type {} takes no arguments", type.name);
  column.type = plain->type;
  column.sql_type = plain->sql;
  return {};
}

}  // namespace tablegate::loader
