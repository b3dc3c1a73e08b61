// Shared by the loader_* unit tests. Include it last: check.h defines a macro fail() that breaks the standard
// library.
#pragma once

#include <string>

#include "testing.hpp"

namespace tablegate::loader::testing {

inline void same_text(const std::string& said, const std::string& wanted) {
  ck_text_eq(said, wanted);
}

}  // namespace tablegate::loader::testing
