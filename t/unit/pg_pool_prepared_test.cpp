// The pool before a scripted server: combinations of a caller who varies parameters are divided among
// connections.
#include "pg_pool_testing.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

constexpr uint64_t kPlaces = StatementCache::kCapacity;

// Two exclusive connections.
struct Fixture : PoolFixture {
  explicit Fixture(unsigned connections = 2) : PoolFixture(connections) { config.pipeline = false; }
  TestQuery& send(uint64_t path) {
    TestQuery& query = add(false);
    query.key.path.bits = path;
    pool().submit(query);
    return query;
  }
  // How many statements the server has parsed.
  std::size_t parsed() const { return server.statements().size(); }
};

// Each connection prepares half of them.
void prepare(Fixture& f, std::size_t count) {
  for (uint64_t path = 0; path < count; path += 2) {
    f.send(path);
    f.send(path + 1);
    f.finish();
  }
  ck_assert_uint_eq(f.now().open, 2);
}

START_TEST(a_connection_that_has_the_statement_prepared_is_chosen) {
  Fixture f;
  prepare(f, kPlaces + 2);
  const std::size_t before = f.parsed();
  for (uint64_t path = 0; path < 40; ++path) {
    f.send(path);
    f.finish();
  }
  ck_assert_uint_eq(f.parsed(), before);
}
END_TEST

START_TEST(a_connection_with_room_is_chosen_for_what_none_has_prepared) {
  Fixture f;
  prepare(f, kPlaces);
  constexpr uint64_t kEnd = kPlaces + kPlaces / 2 + 20;  // the first connection is full before
  for (uint64_t path = kPlaces; path < kEnd; ++path) {
    f.send(path);
    f.finish();
  }
  const std::size_t before = f.parsed();
  for (uint64_t path = kEnd - 40; path < kEnd; ++path) {
    f.send(path);
    f.finish();
  }
  ck_assert_uint_eq(f.parsed(), before);
}
END_TEST

START_TEST(a_shared_connection_has_places_for_more) {
  PoolFixture f(4);
  f.config.batch = true;
  const auto send_all = [&f] {
    for (uint64_t path = 0; path < 2 * kPlaces; ++path) {
      TestQuery& query = f.add(true);
      query.key.path.bits = path;
      f.pool().submit(query);
    }
    f.finish();
  };
  send_all();
  const std::size_t before = f.server.statements().size();
  send_all();
  ck_assert_uint_eq(f.server.statements().size(), before);
}
END_TEST

// All its places are taken by the combinations 0, 1, 2 and so on. It is busy.
void fill(Fixture& f) {
  for (uint64_t path = 0; path < kPlaces; ++path) {
    f.send(path);
    f.finish();
  }
  f.send(0);
}

START_TEST(a_connection_takes_what_it_has_prepared_of_what_waits) {
  Fixture f(1);
  fill(f);
  std::vector<uint64_t> order;
  for (uint64_t path : {kPlaces, uint64_t{1}, kPlaces + 1, uint64_t{2}, uint64_t{3}, kPlaces + 2})
    f.send(path).then = [&order, path] { order.push_back(path); };
  f.finish();
  const std::vector<uint64_t> expected = {1, 2, 3, kPlaces, kPlaces + 1, kPlaces + 2};
  ck_assert(order == expected);
  // What another caller waits for does not pass.
  order.clear();
  f.send(0);
  for (uint64_t path : {kPlaces + 3, uint64_t{1}}) {
    TestQuery& query = f.add(false);
    query.key.path.bits = path;
    query.caller = 1 + path;
    query.then = [&order, path] { order.push_back(path); };
    f.pool().submit(query);
  }
  f.finish();
  ck_assert(order == std::vector<uint64_t>({kPlaces + 3, 1}));
}
END_TEST

START_TEST(one_that_is_not_prepared_is_passed_by_eight_at_most) {
  Fixture f(1);
  fill(f);
  int done = 0;
  int place = 0;
  f.send(kPlaces).then = [&] { place = ++done; };
  for (uint64_t path = 0; path < 20; ++path) f.send(path).then = [&] { ++done; };
  f.finish();
  ck_assert_int_eq(place, 9);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_pool_prepared", a_connection_that_has_the_statement_prepared_is_chosen,
                a_connection_with_room_is_chosen_for_what_none_has_prepared,
                a_connection_takes_what_it_has_prepared_of_what_waits,

                one_that_is_not_prepared_is_passed_by_eight_at_most, a_shared_connection_has_places_for_more);
