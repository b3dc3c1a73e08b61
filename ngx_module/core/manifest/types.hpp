// The types of columns and of request parameters, and how they go together.
// Column types are PostgreSQL's, named as in the manifest (schema/README.md);
// parameter types are DataWorks' (interface: request parameter `type`).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tablegate::core {

enum class ColumnType : uint8_t {
  int2,
  int4,
  int8,
  float4,
  float8,
  numeric,
  boolean,
  text,
  bytea,
  date,
  timestamp,
  timestamptz,
  json,
  jsonb,
  interval
};

enum class ParameterType : uint8_t { string, int_, long_, float_, double_, boolean, decimal, date, datetime };

// "int8", "timestamptz", ... as the manifest has them; nullopt for any other word.
std::optional<ColumnType> parse_column_type(std::string_view name);
std::string_view column_type_name(ColumnType type);

// "STRING", "LONG", ... exactly.
std::optional<ParameterType> parse_parameter_type(std::string_view name);
std::string_view parameter_type_name(ParameterType type);

// Whether a value of this type is written as a number.
inline bool is_number(ParameterType type) {
  return type == ParameterType::int_ || type == ParameterType::long_ || type == ParameterType::float_ ||
         type == ParameterType::double_ || type == ParameterType::decimal;
}

// PostgreSQL's OID of the type (src/include/catalog/pg_type.dat; these never change).
uint32_t column_type_oid(ColumnType type);
// The same of the type of arrays of it.
uint32_t array_type_oid(ColumnType type);
// The same by the OID of the type; 0: it is none of ours.
uint32_t array_type_oid(uint32_t type);

// Whether a parameter of this type may be compared with a column of that type: the same family (exact
// numbers, floating point numbers, truth values, text, dates, times). Another family is refused at apply.
bool compatible(ParameterType parameter, ColumnType column);

// The parameter type that DataWorks' wizard would choose for a column; nullopt where none compares with it.
std::optional<ParameterType> natural_parameter_type(ColumnType column);

}  // namespace tablegate::core
