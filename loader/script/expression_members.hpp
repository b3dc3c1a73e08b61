// Methods in tests: what they are methods of, and what to write for other members.
#pragma once

#include <string>

#include "core/plan/expression.hpp"

namespace tablegate::loader {

bool is_of_lists(core::Method method);
bool is_of_texts(core::Method method);

// What is wrong with a name behind a '.' that is no method. `called`: parentheses follow.
std::string unknown_member(const std::string& member, bool called);

}  // namespace tablegate::loader
