// Abandoned queries are cancelled: against scripted servers that lose cancels or do not answer them. Against
// a real PostgreSQL: pg_cancel_live_pgtest.cpp.
#include "pg_fake_server.hpp"
#include "pg_testing.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

struct Fixture {
  explicit Fixture(const Behaviour& first)
      : server([first](int index) { return index == 0 ? first : Behaviour(); }),
        dsn(dsn_of("host=" + server.directory())),
        pool(loop, make_config()) {}
  PoolConfig make_config() {
    PoolConfig config = config_of(dsn, 1);
    config.connect_timeout_ms = 300;
    return config;
  }
  // Is in flight, then abandoned.
  void abandon_one() {
    pool.submit(slow);
    wait_for(
        loop, [&] { return server.statements().size() >= 1 && server.statements().back() == "sleep"; },
        "the statement runs");
    pool.abandon(slow);
  }
  void next_is_answered() {
    pool.submit(next);
    wait_for(
        loop, [&] { return next.done(); }, "the next query");
    ck_assert_msg(next.ok, "%s", next.failure.message.c_str());
    ck_assert_int_eq(slow.callbacks, 0);
  }

  FakeServer server;
  LogLines log;
  PollLoop loop{log.sink()};
  Dsn dsn;
  Pool pool;
  TestQuery slow{1, "sleep"};
  TestQuery next{2, "select $1", {"v"}};
};

START_TEST(an_abandoned_query_is_cancelled) {
  Fixture f({});
  const uint64_t begun = f.loop.now_ms();
  f.abandon_one();
  f.next_is_answered();
  ck_assert_uint_lt(f.loop.now_ms() - begun, 5000);
  ck_assert_int_eq(f.server.cancels(), 1);
  ck_assert_uint_eq(f.pool.statistics().lost, 0);
}
END_TEST

// A cancel that comes before its statement has begun does nothing.
START_TEST(a_lost_cancel_is_repeated) {
  Behaviour behaviour;
  behaviour.cancels_lost = 2;
  Fixture f(behaviour);
  f.abandon_one();
  f.next_is_answered();
  ck_assert_int_eq(f.server.cancels(), 3);
  ck_assert_uint_eq(f.pool.statistics().lost, 0);
}
END_TEST

START_TEST(a_connection_whose_cancel_is_not_answered_is_given_up) {
  Behaviour behaviour;
  behaviour.cancels_hang = true;
  Fixture f(behaviour);
  f.abandon_one();
  f.next_is_answered();
  ck_assert_int_eq(f.server.cancels(), 1);
  ck_assert_uint_eq(f.pool.statistics().lost, 1);
  ck_assert(f.log.has("cancel request"));
}
END_TEST

START_TEST(a_query_that_ends_soon_is_not_cancelled) {
  Fixture f({});
  for (int i = 0; i < 50; ++i) {
    TestQuery query(2, "select $1", {"v"});
    f.pool.submit(query);
    wait_for(
        f.loop, [&] { return f.pool.statistics().in_flight == 1; }, "it is sent");
    f.pool.abandon(query);
    wait_for(
        f.loop, [&] { return f.pool.statistics().in_flight == 0; }, "its answer");
  }
  ck_assert_int_eq(f.server.cancels(), 0);
  f.next_is_answered();
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_cancel", an_abandoned_query_is_cancelled, a_lost_cancel_is_repeated,
                a_connection_whose_cancel_is_not_answered_is_given_up,
                a_query_that_ends_soon_is_not_cancelled);
