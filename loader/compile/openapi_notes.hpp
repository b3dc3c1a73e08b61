// What an OpenAPI document says of a request parameter: the definition's
// description, and for every operator but "=" which rows it finds.
// Example: "in years; rows whose age is at least this value".
#pragma once

#include <string>

#include "model/api_definition.hpp"

namespace tablegate::loader {

// Columns that no response parameter shows are not named.
std::string parameter_note(const ApiDefinition& api, const RequestParameter& parameter);

}  // namespace tablegate::loader
