// The time of a source's rows: seconds since 1970, as text, and of files.
#include "source/source_time.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
using tablegate::loader::testing::same_text;

namespace {

START_TEST(seconds_and_texts) {
  same_text(source_time_text(source_time_of(0)), "1970-01-01T00:00:00Z");
  same_text(source_time_text(source_time_of(1700000000)), "2023-11-14T22:13:20Z");
  same_text(source_time_text(source_time_of(-1)), "1969-12-31T23:59:59Z");
  ck_assert_int_eq(source_seconds(source_time_of(1700000000)), 1700000000);
  ck_assert_int_eq(source_seconds(source_time_of(-1) + std::chrono::milliseconds(1)), -1);  // rounded down
}
END_TEST

START_TEST(files_have_one_and_nothing_else) {
  char path[] = "/tmp/loader_source_time_XXXXXX";
  const int file = mkstemp(path);
  ck_assert_int_ge(file, 0);
  const timespec times[2] = {{5, 0}, {1700000000, 999999999}};
  ck_assert_int_eq(futimens(file, times), 0);
  close(file);
  const auto time = file_time(path);
  unlink(path);
  ck_assert(time.has_value());
  ck_assert_int_eq(source_seconds(*time), 1700000000);
  ck_assert(!file_time(path).has_value());
  ck_assert(!file_time("/tmp").has_value());
  ck_assert(!file_time("/dev/null").has_value());
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_source_time", seconds_and_texts, files_have_one_and_nothing_else);
