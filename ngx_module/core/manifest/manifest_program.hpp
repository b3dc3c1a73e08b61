// The statement program of an API's line of the manifest (schema/README.md), read
// strictly. Internal to the manifest's readers.
#pragma once

#include <vector>

#include "core/manifest/manifest.hpp"
#include "core/manifest/manifest_object.hpp"

namespace tablegate::core {

// Reads the list of nodes `name` of an API with these values. What is wrong lands in `in`.
Program read_program(ObjectReader& in, const char* name, const std::vector<Parameter>& parameters,
                     const std::vector<InternalValue>& internal);

}  // namespace tablegate::core
