// JSON Schema of what a gateway takes and answers: parameters by their type and
// column, rows by the types of their columns.
#pragma once

#include <optional>
#include <string>

#include "compile/compiled_api.hpp"
#include "compile/openapi_json.hpp"

namespace tablegate::loader {

struct SchemaNotes {
  std::string description;
  std::optional<std::string> sample;  // text, of the definition
};

// The members of a parameter's schema; of a list parameter an array.
void write_parameter_schema(OpenApiJson& json, const CompiledParameter& parameter);
// The default or the sample of a parameter as its JSON value.
void write_parameter_value(OpenApiJson& json, const CompiledParameter& parameter,
                           const DefaultOrSample& value);

// The members of a column's schema.
void write_column_schema(OpenApiJson& json, const CompiledColumn& column, bool nullable,
                         const SchemaNotes& notes);

}  // namespace tablegate::loader
