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
    cache.add(key);
  }
  ck_assert_uint_eq(cache.size(), 6);
  for (const StatementKey& key : keys) ck_assert(cache.find(key)->key == key);
}
END_TEST

START_TEST(a_long_path_outlives_the_request_that_brought_it) {
  StatementCache cache;
  std::string path(40, 'a');
  const Statement& added = cache.add({1, {7, path}, 0});
  path.assign(40, 'b');
  ck_assert_ptr_null(cache.find({1, {7, path}, 0}));
  ck_assert_ptr_eq(cache.find({1, {7, std::string(40, 'a')}, 0}), &added);
  cache.forget(*cache.find({1, {7, std::string(40, 'a')}, 0}), false);
  ck_assert_uint_eq(cache.size(), 0);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_statement_cache", every_part_of_the_key_counts,
                a_long_path_outlives_the_request_that_brought_it);
