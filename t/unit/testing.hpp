// Shared by all unit tests: comparing texts, and registering the Check tests of
// a file. check.h defines a macro fail(): include this after headers that use
// that name.
#pragma once

#include <check.h>

#include <cstdlib>
#include <string>
#include <vector>

// Two texts are the same bytes; both are printed if they are not. (ck_assert_str_eq keeps pointers into
// temporaries.)
#define ck_text_eq(actual, expected)                                                                  \
  do {                                                                                                \
    const std::string actual_(actual);                                                                \
    const std::string expected_(expected);                                                            \
    ck_assert_msg(actual_ == expected_, "%s is\n  %s\nand should be\n  %s", #actual, actual_.c_str(), \
                  expected_.c_str());                                                                 \
  } while (0)

// Registers the tests of this file as one suite of its program (main.cpp). A suite whose name ends in "_pg"
// gets a PostgreSQL of its own in TABLEGATE_TEST_DSN. At file scope, once a file.
#define TABLEGATE_SUITE(name, ...) \
  [[maybe_unused]] static const bool suite_is_registered = ::tablegate::unit::add_suite(name, {__VA_ARGS__})

namespace tablegate::unit {

// Returns true. Two suites of one name end the program.
bool add_suite(const char* name, const std::vector<const TTest*>& tests);

}  // namespace tablegate::unit
