// Shared by the loader_* unit tests. Include it last: check.h defines a macro fail() that breaks the standard
// library.
#pragma once

#include <string>

#include "testing.hpp"

namespace tablegate::loader::testing {

inline void same_text(const std::string& said, const std::string& wanted) {
  ck_text_eq(said, wanted);
}

// main() of a program: what it returns is the exit status.
inline int run_tests(const char* name, const std::vector<const TTest*>& tests) {
  return unit::run(name, tests);
}

}  // namespace tablegate::loader::testing
