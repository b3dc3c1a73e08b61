// The SQL that a gateway would run for an API, with every optional parameter
// given: what `api diff` shows of two versions.
#pragma once

#include <string>

#include "model/manifest_entries.hpp"

namespace tablegate::loader {

// Throws Refused when it cannot be compiled.
std::string whole_statement(const ApiEntry& api);

}  // namespace tablegate::loader
