// Values that a definition gives to a request parameter, `default` and `sample`,
// against the parameter's type and, of a list, against how lists are sent.
#pragma once

#include <string>

#include "core/manifest/manifest.hpp"
#include "model/api_definition.hpp"
#include "model/definition.hpp"

namespace tablegate::loader {

// `checked`: the parameter as the gateway has it. `lists`: what takes a list, in words. `here`: the pointer
// of the parameter.
void check_default_and_sample(const RequestParameter& parameter, const core::Parameter& checked,
                              const char* lists, const Place& place, const std::string& here,
                              Problems& problems);

}  // namespace tablegate::loader
