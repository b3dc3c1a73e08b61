// One API as an operation of an OpenAPI document, and the components that
// operations refer to: error answers by status, headers, security schemes.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compile/compiled_api.hpp"
#include "compile/openapi_envelope.hpp"
#include "compile/openapi_json.hpp"

namespace tablegate::loader {

// An API with what its operation needs of its definition.
struct OpenApiOperation {
  const ApiEntry* entry = nullptr;
  CompiledApi api;
  std::string id;           // operationId
  std::string description;  // of the definition
  // By place in api.parameters and api.columns.
  std::vector<std::string> parameter_notes, column_notes;
  std::vector<std::optional<std::string>> column_samples;
  std::vector<bool> nullable;
};
OpenApiOperation read_operation(const ApiEntry& entry);

// Which components the operations of a document refer to: only those are written.
struct UsedComponents {
  std::set<ErrorAnswer> errors;
  std::map<std::string, std::pair<std::string, std::string>>
      schemes;  // name -> "bearer", "header", ..., name there
};

// `names`: of the path's parameters where another API of the same path gave them others.
void write_operation(OpenApiJson& json, const OpenApiOperation& operation,
                     const std::map<std::string, std::string>& names, UsedComponents& used);
// The members of "components".
void write_components(OpenApiJson& json, const UsedComponents& used);

}  // namespace tablegate::loader
