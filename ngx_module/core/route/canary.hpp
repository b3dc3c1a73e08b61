// Two versions of one API side by side: which of them a caller gets, and what
// they must have in common so that neither route nor proof depends on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/manifest/manifest.hpp"

namespace tablegate::core {

// Whether `consumer` gets the canary that `weight` percent of consumers get: always the same answer for the
// same consumer, and a larger weight only adds consumers.
bool takes_canary(std::string_view consumer, uint32_t api_id, uint32_t weight);

// Why `canary` cannot stand beside `api`: the field that differs, or empty.
std::string canary_fault(const Api& api, const Api& canary);

}  // namespace tablegate::core
