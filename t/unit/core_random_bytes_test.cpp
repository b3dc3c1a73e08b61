// core/random_bytes: no byte is given out twice, in a process or in those that it forks.
#include "core/random_bytes.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>
#include <vector>

#include "core_testing.hpp"

using namespace tablegate::core;

namespace {

using Id = std::array<unsigned char, 16>;

Id take(RandomBytes& random) {
  Id id{};
  ck_assert(random.take(id.data(), id.size()));
  return id;
}

START_TEST(ids_differ_across_refills) {
  RandomBytes random;
  std::set<Id> ids;
  for (int i = 0; i < 5000; ++i) ck_assert(ids.insert(take(random)).second);
  // Each bit is set about half of the time: 80,000 bytes, 5 standard deviations.
  std::array<int, 8> set{};
  for (const Id& id : ids) {
    for (const unsigned char byte : id) {
      for (size_t bit = 0; bit < set.size(); ++bit) set[bit] += byte >> bit & 1;
    }
  }
  for (const int count : set) {
    ck_assert_int_gt(count, 40000 - 708);
    ck_assert_int_lt(count, 40000 + 708);
  }
}
END_TEST

START_TEST(any_size) {
  RandomBytes random;
  for (const size_t size : {size_t{1}, size_t{7}, size_t{4000}, size_t{4089}, size_t{10000}}) {
    for (int again = 0; again < 3; ++again) {
      std::vector<unsigned char> bytes(size + 1, 0);
      ck_assert(random.take(bytes.data(), size));
      ck_assert_int_eq(bytes[size], 0);
      size_t zeros = 0;
      for (size_t i = 0; i < size; ++i) zeros += bytes[i] == 0 ? 1 : 0;
      ck_assert_uint_lt(zeros, size < 8 ? size + 1 : size / 16);
    }
  }
}
END_TEST

// Ids that a child of fork(2) made with what it got from its parent.
std::vector<Id> ids_of_child(RandomBytes& random, size_t count) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    std::vector<Id> ids(count);
    for (Id& id : ids) {
      if (!random.take(id.data(), id.size())) _exit(1);
    }
    const auto size = static_cast<ssize_t>(count * sizeof(Id));
    _exit(write(ends[1], ids.data(), count * sizeof(Id)) == size ? 0 : 1);
  }
  ck_assert_int_gt(child, 0);
  close(ends[1]);
  std::vector<Id> ids(count);
  size_t got = 0;
  auto* const into = reinterpret_cast<unsigned char*>(ids.data());
  for (ssize_t part = 1; part > 0; got += static_cast<size_t>(part))
    part = read(ends[0], into + got, count * sizeof(Id) - got);
  close(ends[0]);
  int status = 0;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  ck_assert_uint_eq(got, count * sizeof(Id));
  return ids;
}

START_TEST(a_child_never_repeats_its_parent) {
  RandomBytes random;
  std::set<Id> ids;
  ids.insert(take(random));  // bytes are kept from here on
  constexpr size_t kIds = 300;
  for (int child = 0; child < 3; ++child) {
    for (const Id& id : ids_of_child(random, kIds)) ck_assert(ids.insert(id).second);
  }
  for (size_t i = 0; i < kIds; ++i) ck_assert(ids.insert(take(random)).second);
  ck_assert_uint_eq(ids.size(), 1 + 4 * kIds);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_random_bytes", ids_differ_across_refills, any_size, a_child_never_repeats_its_parent);
