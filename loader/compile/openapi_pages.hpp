// Pages in an OpenAPI document: the parameters that ask for one, and the data of
// its answer.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "compile/compiled_api.hpp"
#include "compile/openapi_json.hpp"

namespace tablegate::loader {

// Descriptions of the parameters, in the order of core::kPageParameters.
std::vector<std::string> page_parameter_notes(const CompiledPages& pages);
// The members of the schema of the parameter at this place of core::kPageParameters.
void write_page_parameter_schema(OpenApiJson& json, const CompiledPages& pages, size_t place);
// Whether callers can send it: no cursor where the order of the rows is not total.
bool takes_page_parameter(const CompiledPages& pages, size_t place);

// The members of the schema of a page's data. `write_row`: those of one row.
void write_page_schema(OpenApiJson& json, const CompiledPages& pages, const std::function<void()>& write_row);

}  // namespace tablegate::loader
