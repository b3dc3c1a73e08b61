#include "core/manifest/types.hpp"

#include <array>

namespace tablegate::core {

namespace {

struct ColumnTypeRow {
  ColumnType type;
  std::string_view name;
  uint32_t oid;
  uint32_t array;  // OID of the type of arrays of it
};

constexpr std::array<ColumnTypeRow, 15> kColumnTypes = {{
    {ColumnType::int2, "int2", 21, 1005},
    {ColumnType::int4, "int4", 23, 1007},
    {ColumnType::int8, "int8", 20, 1016},
    {ColumnType::float4, "float4", 700, 1021},
    {ColumnType::float8, "float8", 701, 1022},
    {ColumnType::numeric, "numeric", 1700, 1231},
    {ColumnType::boolean, "bool", 16, 1000},
    {ColumnType::text, "text", 25, 1009},
    {ColumnType::bytea, "bytea", 17, 1001},
    {ColumnType::date, "date", 1082, 1182},
    {ColumnType::timestamp, "timestamp", 1114, 1115},
    {ColumnType::timestamptz, "timestamptz", 1184, 1185},
    {ColumnType::json, "json", 114, 199},
    {ColumnType::jsonb, "jsonb", 3802, 3807},
    {ColumnType::interval, "interval", 1186, 1187},
}};

constexpr std::array<std::string_view, 9> kParameterTypes = {
    "STRING", "INT", "LONG", "FLOAT", "DOUBLE", "BOOLEAN", "DECIMAL", "DATE", "DATETIME"};

const ColumnTypeRow& row_of(ColumnType type) {
  return kColumnTypes[static_cast<size_t>(type)];
}

}  // namespace

std::optional<ColumnType> parse_column_type(std::string_view name) {
  for (const ColumnTypeRow& row : kColumnTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

std::string_view column_type_name(ColumnType type) {
  return row_of(type).name;
}

uint32_t column_type_oid(ColumnType type) {
  return row_of(type).oid;
}

uint32_t array_type_oid(ColumnType type) {
  return row_of(type).array;
}

uint32_t array_type_oid(uint32_t type) {
  for (const ColumnTypeRow& row : kColumnTypes) {
    if (row.oid == type) return row.array;
  }
  return 0;
}

std::optional<ParameterType> parse_parameter_type(std::string_view name) {
  for (size_t i = 0; i < kParameterTypes.size(); ++i) {
    if (kParameterTypes[i] == name) return static_cast<ParameterType>(i);
  }
  return std::nullopt;
}

std::string_view parameter_type_name(ParameterType type) {
  return kParameterTypes[static_cast<size_t>(type)];
}

bool compatible(ParameterType parameter, ColumnType column) {
  switch (parameter) {
    case ParameterType::string:
      return column == ColumnType::text;
    case ParameterType::int_:
    case ParameterType::long_:
      return column == ColumnType::int2 || column == ColumnType::int4 || column == ColumnType::int8 ||
             column == ColumnType::numeric;
    case ParameterType::decimal:
      return column == ColumnType::numeric;
    case ParameterType::float_:
    case ParameterType::double_:
      return column == ColumnType::float4 || column == ColumnType::float8;
    case ParameterType::boolean:
      return column == ColumnType::boolean;
    case ParameterType::date:
      return column == ColumnType::date;
    case ParameterType::datetime:
      return column == ColumnType::timestamp || column == ColumnType::timestamptz;
  }
  return false;
}

std::optional<ParameterType> natural_parameter_type(ColumnType column) {
  switch (column) {
    case ColumnType::int2:
    case ColumnType::int4:
      return ParameterType::int_;
    case ColumnType::int8:
      return ParameterType::long_;
    case ColumnType::float4:
      return ParameterType::float_;
    case ColumnType::float8:
      return ParameterType::double_;
    case ColumnType::numeric:
      return ParameterType::decimal;
    case ColumnType::boolean:
      return ParameterType::boolean;
    case ColumnType::text:
      return ParameterType::string;
    case ColumnType::date:
      return ParameterType::date;
    case ColumnType::timestamp:
    case ColumnType::timestamptz:
      return ParameterType::datetime;
    case ColumnType::bytea:
    case ColumnType::json:
    case ColumnType::jsonb:
    case ColumnType::interval:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace tablegate::core
