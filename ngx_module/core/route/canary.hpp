// Two versions of one API at the same time: which of them a caller gets, and
// what they must have in common, because routing and authentication come before
// the choice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/manifest/manifest.hpp"

namespace tablegate::core {

// Whether `consumer` gets the canary, as `weight` percent of consumers do: always the same answer for a
// consumer, and a larger weight only adds consumers.
bool takes_canary(std::string_view consumer, uint32_t api_id, uint32_t weight);

// The field in which `canary` must not differ from `api`, or empty.
std::string canary_fault(const Api& api, const Api& canary);

}  // namespace tablegate::core
