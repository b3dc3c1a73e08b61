// Formats in an OpenAPI document: the parameter that chooses between them, and
// the content and headers of an answer in CSV or NDJSON.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compile/compiled_api.hpp"
#include "compile/openapi_json.hpp"

namespace tablegate::loader {

// What the parameter `format` is, for people.
std::string format_parameter_note(const std::vector<std::string>& formats);
// The members of its schema.
void write_format_parameter_schema(OpenApiJson& json, const std::vector<std::string>& formats);

// The members of "content", for each format of the API. `write_json`: those of the content in JSON;
// `write_row`: those of the schema of a row.
void write_contents(OpenApiJson& json, const CompiledApi& api, const std::function<void()>& write_json,
                    const std::function<void()>& write_row);
// Those of "headers" that only some formats have.
void write_format_headers(OpenApiJson& json, const CompiledApi& api);

}  // namespace tablegate::loader
