// pg/statement_cache: statements are found by the whole key, also by a path of many decisions, which the
// cache keeps a copy of.
#include "pg/statement_cache.hpp"

#include "testing.hpp"

using tablegate::pg::Statement;
using tablegate::pg::StatementCache;
using tablegate::pg::StatementKey;

namespace {

START_TEST(every_part_of_the_key_counts) {
  StatementCache cache;
  const StatementKey keys[] = {{1, {}, 0}, {2, {}, 0},          {1, {1, {}}, 0},
                               {1, {}, 1}, {1, {0, "\x01"}, 0}, {1, {0, "\x02"}, 0}};
  for (const StatementKey& key : keys) {
    ck_assert_ptr_null(cache.find(key));
    cache.add(key, false, 100);
  }
  ck_assert_uint_eq(cache.size(), 6);
  for (const StatementKey& key : keys) ck_assert(cache.find(key)->key == key);
}
END_TEST

START_TEST(a_long_path_outlives_the_request_that_brought_it) {
  StatementCache cache;
  std::string path(40, 'a');
  const Statement& added = *cache.add({1, {7, path}, 0}, false, 100);
  path.assign(40, 'b');
  ck_assert_ptr_null(cache.find({1, {7, path}, 0}));
  ck_assert_ptr_eq(cache.find({1, {7, std::string(40, 'a')}, 0}), &added);
  cache.forget(*cache.find({1, {7, std::string(40, 'a')}, 0}), false);
  ck_assert_uint_eq(cache.size(), 0);
}
END_TEST

// Sends the statement once. True: it is, or was, prepared.
bool send(StatementCache& cache, uint64_t route, uint64_t path, bool elsewhere = false) {
  const StatementKey key{route, {path, {}}, 0};
  const bool prepared = cache.find(key) != nullptr || cache.add(key, elsewhere, 100) != nullptr;
  while (!cache.take_doomed().empty()) continue;
  return prepared;
}

bool is_there(StatementCache& cache, uint64_t route, uint64_t path) {
  return cache.find({route, {path, {}}, 0}) != nullptr;
}

// The lists of a caller make texts of any length.
START_TEST(the_texts_have_a_size_together) {
  constexpr std::size_t kSize = 65536, kMost = StatementCache::kCapacity * StatementCache::kPlaceSize / kSize;
  StatementCache cache;
  for (uint64_t path = 0; path < 2 * kMost; ++path) cache.add({1, {path, {}}, 0}, false, kSize);
  ck_assert_uint_eq(cache.size(), kMost);
  ck_assert(is_there(cache, 1, 0) && !is_there(cache, 1, kMost));
  // Another API takes a place as soon as it is called a few times.
  for (int calls = 0; calls < 4; ++calls) send(cache, 2, 0);
  ck_assert(is_there(cache, 2, 0));
  ck_assert_ptr_null(
      cache.add({3, {}, 0}, false, StatementCache::kCapacity * StatementCache::kPlaceSize + 1));
  cache.forget(*cache.find({2, {0, {}}, 0}), false);
  ck_assert_ptr_nonnull(cache.add({1, {kMost, {}}, 0}, false, 100));
}
END_TEST

START_TEST(rare_combinations_are_not_prepared) {
  StatementCache cache;
  for (uint64_t path = 0; path < 1024; ++path) send(cache, 1, path);
  ck_assert_uint_eq(cache.size(), StatementCache::kCapacity);
  ck_assert_msg(is_there(cache, 1, 0) && !is_there(cache, 1, 1023), "those who came first stay");
  // Many callers, many combinations, all alike.
  uint64_t random = 1;
  unsigned added = 0;
  for (int i = 0; i < 100000; ++i) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    const StatementKey key{1, {(random >> 33U) % 1024, {}}, 0};
    if (cache.find(key) == nullptr && cache.add(key, false, 100) != nullptr) ++added;
  }
  ck_assert_msg(added < 5000, "%u of 100000", added);
}
END_TEST

START_TEST(a_combination_that_becomes_frequent_is_prepared) {
  StatementCache cache;
  for (uint64_t path = 0; path < 1024; ++path) send(cache, 1, path);
  int calls = 1;
  while (!send(cache, 1, 5000) && calls < 1000) ++calls;
  ck_assert_msg(calls <= 10, "after %d calls", calls);
}
END_TEST

START_TEST(every_api_has_its_share) {
  StatementCache cache;
  for (uint64_t path = 0; path < 1024; ++path) send(cache, 1, path);
  // Beside one who varies parameters, others are prepared at their first call and stay.
  for (uint64_t route = 2; route < 30; ++route) {
    ck_assert(send(cache, route, 0));
    for (uint64_t path = 2000; path < 3000; ++path) send(cache, 1, path * route);
  }
  for (uint64_t route = 2; route < 30; ++route) ck_assert(is_there(cache, route, 0));
  ck_assert_uint_le(cache.size(), StatementCache::kCapacity);
  // An API of many combinations takes its share from the one that has more, and no more than that.
  for (uint64_t path = 0; path < 200; ++path) send(cache, 99, path);
  std::size_t share = 0;
  for (uint64_t path = 0; path < 200; ++path) share += is_there(cache, 99, path) ? 1 : 0;
  ck_assert_msg(share >= 4 && share <= 20, "%zu", share);
}
END_TEST

START_TEST(what_no_other_connection_has_takes_the_place_of_a_copy) {
  constexpr uint64_t kHalf = StatementCache::kCapacity / 2;
  StatementCache cache;
  for (uint64_t path = 0; path < 2 * kHalf; ++path) ck_assert(send(cache, 1, path, path % 2 == 0));
  for (uint64_t path = 2 * kHalf; path < 3 * kHalf; ++path) ck_assert(send(cache, 1, path));
  for (uint64_t path = 1; path < 2 * kHalf; path += 2) ck_assert(is_there(cache, 1, path));
  for (uint64_t path = 2 * kHalf; path < 3 * kHalf; ++path) ck_assert(is_there(cache, 1, path));
  ck_assert_uint_eq(cache.size(), StatementCache::kCapacity);
  // No copy is left. Another one is not worth a place before it is used often.
  ck_assert(!send(cache, 1, 4000));
  int calls = 1;
  while (!send(cache, 1, 5000, true) && calls < 1000) ++calls;
  ck_assert_msg(calls > 8 && calls <= 40, "after %d calls", calls);
}
END_TEST

START_TEST(the_first_statements_of_an_api_are_prepared_on_each_connection) {
  StatementCache cache;
  for (uint64_t path = 0; path < 1024; ++path) send(cache, 1, path);
  for (uint64_t route = 2; route < 50; ++route) {
    ck_assert(send(cache, route, 0, true));
    ck_assert(send(cache, route, 1, true));
  }
}
END_TEST

// More APIs than places: those that are used most keep theirs.
START_TEST(many_apis) {
  StatementCache cache;
  for (int round = 0; round < 50; ++round) {
    for (uint64_t route = 0; route < 800; ++route) send(cache, route, 0);
    for (int i = 0; i < 20; ++i) send(cache, 1000, 0);
  }
  ck_assert(is_there(cache, 1000, 0));
  ck_assert_uint_eq(cache.size(), StatementCache::kCapacity);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_statement_cache", every_part_of_the_key_counts, rare_combinations_are_not_prepared,
                a_combination_that_becomes_frequent_is_prepared, the_texts_have_a_size_together,
                every_api_has_its_share, many_apis, what_no_other_connection_has_takes_the_place_of_a_copy,
                the_first_statements_of_an_api_are_prepared_on_each_connection,
                a_long_path_outlives_the_request_that_brought_it);
