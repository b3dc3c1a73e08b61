// What the parameters of a mapper's <select> may be: every name in its placeholders,
// tests and loops. A name that a test reads is optional, a list where a loop goes
// through it; its type is that of its jdbcType, else STRING.
#pragma once

#include <string>
#include <vector>

#include "model/api_definition.hpp"

namespace tablegate::loader {

// `script`: its text with tags. `type`: parameterType of the select; it counts where there is one parameter.
std::vector<RequestParameter> mapper_parameters(const std::string& script, const std::string& type);

}  // namespace tablegate::loader
