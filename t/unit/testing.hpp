// What all unit tests share: comparing texts, and running a list of Check tests as
// main(). check.h defines a macro fail(): include this after what names a fail().
#pragma once

#include <check.h>

#include <cstdlib>
#include <string>
#include <vector>

// Two texts are the same bytes; both are shown when they are not. (ck_assert_str_eq keeps pointers into
// temporaries.)
#define ck_text_eq(actual, expected)                                                                  \
  do {                                                                                                \
    const std::string actual_(actual);                                                                \
    const std::string expected_(expected);                                                            \
    ck_assert_msg(actual_ == expected_, "%s is\n  %s\nand should be\n  %s", #actual, actual_.c_str(), \
                  expected_.c_str());                                                                 \
  } while (0)

namespace tablegate::unit {

// Runs the tests, each in a process of its own, and says how many failed: main()'s status.
inline int run(const char* name, const std::vector<const TTest*>& tests) {
  Suite* suite = suite_create(name);
  TCase* tcase = tcase_create(name);
  tcase_set_timeout(tcase, 240);
  for (const TTest* test : tests) tcase_add_test(tcase, test);
  suite_add_tcase(suite, tcase);
  SRunner* runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace tablegate::unit
