// main() of the unit test programs: runs the named suites, or all. Each test
// runs in its own process.
//   PROGRAM --list     prints the suites
//   PROGRAM [SUITE]... exits 1 when a test failed
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "testing.hpp"

namespace tablegate::unit {
namespace {

std::map<std::string, std::vector<const TTest*>>& suites() {
  static std::map<std::string, std::vector<const TTest*>> all;
  return all;
}

bool passes(const std::string& name) {
  Suite* const suite = suite_create(name.c_str());
  TCase* const tcase = tcase_create(name.c_str());
  tcase_set_timeout(tcase, 240);
  for (const TTest* test : suites().at(name)) tcase_add_test(tcase, test);
  suite_add_tcase(suite, tcase);
  SRunner* const runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0;
}

int run(const std::vector<std::string>& names) {
  bool good = true;
  for (const std::string& name : names) {
    if (suites().count(name) == 0) {
      std::fprintf(stderr, "there is no suite %s; --list prints them\n", name.c_str());
      return 2;
    }
    good = passes(name) && good;
  }
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

bool add_suite(const char* name, const std::vector<const TTest*>& tests) {
  if (!suites().emplace(name, tests).second) {
    std::fprintf(stderr, "two suites are called %s\n", name);
    std::abort();
  }
  return true;
}

}  // namespace tablegate::unit

int main(int count, char** words) {
  using tablegate::unit::suites;
  if (count == 2 && std::strcmp(words[1], "--list") == 0) {
    for (const auto& suite : suites()) std::puts(suite.first.c_str());
    return EXIT_SUCCESS;
  }
  std::vector<std::string> names(words + 1, words + count);
  if (names.empty()) {
    for (const auto& suite : suites()) names.push_back(suite.first);
  }
  return tablegate::unit::run(names);
}
