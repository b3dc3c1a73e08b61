// Shared by the loader_* unit tests. Include it last: check.h defines a macro fail() that breaks the standard
// library.
#pragma once

#include <cstdlib>
#include <initializer_list>
#include <string>

#include <check.h>

namespace tablegate::loader::testing {

// Check's own macro keeps a pointer beyond the end of a temporary.
inline void same_text(const std::string& said, const std::string& wanted) {
  ck_assert_str_eq(said.c_str(), wanted.c_str());
}

// main() of a program with one case: what it returns is the exit status.
inline int run_tests(const char* name, std::initializer_list<const TTest*> tests) {
  Suite* suite = suite_create(name);
  TCase* all = tcase_create("all");
  tcase_set_timeout(all, 60);
  for (const TTest* test : tests) tcase_add_test(all, test);
  suite_add_tcase(suite, all);
  SRunner* runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace tablegate::loader::testing
