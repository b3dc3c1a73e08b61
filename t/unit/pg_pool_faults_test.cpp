// The pool before scripted servers: hosts in order, retries, backoff and failing fast, idle connections,
// abandoned queries, shutdown.
#include "pg_pool_testing.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

using Fixture = PoolFixture;

START_TEST(hosts_are_tried_one_by_one_and_the_good_one_is_remembered) {
  FakeServer hole([](int) { return stall(0); });
  Fixture f(2);
  f.config.connect_timeout_ms = 60;
  f.dsn = dsn_of("host=/nonexistent/pg," + hole.directory() + "," + f.server.directory());
  f.submit(false);
  f.finish();
  ck_assert(f.queries[0]->ok);
  ck_assert_uint_eq(f.now().connect_failures, 2);
  ck_assert_int_eq(hole.connections(), 1);
  ck_assert(f.log.has("/nonexistent/pg"));
  ck_assert(f.log.has("connect timeout"));
  f.submit(true);
  f.finish();
  ck_assert_uint_eq(f.now().open, 2);
  ck_assert_uint_eq(f.now().connect_failures, 2);
}
END_TEST

START_TEST(down_fails_fast_with_backoff) {
  Fixture f(2);
  f.dsn = dsn_of("host=/nonexistent/pg");
  f.config.queue = 10;
  f.submit(true);
  f.submit(false);
  f.finish();
  for (const auto& query : f.queries) ck_assert(query->failure.kind == Failure::Kind::database_unavailable);
  ck_assert(f.now().unavailable);
  const uint64_t failures = f.now().connect_failures;
  for (int i = 0; i < 100; ++i) ck_assert_int_eq(f.submit(false).callbacks, 1);
  ck_assert_uint_eq(f.now().connect_failures, failures);
  // No attempt without a query.
  wait_for(
      f.loop, [&, end = f.loop.now_ms() + 150] { return f.loop.now_ms() >= end; }, "the backoff");
  ck_assert_uint_eq(f.now().connect_failures, failures);
  f.submit(false);
  f.finish();
  ck_assert_uint_eq(f.now().connect_failures, failures + 1);
}
END_TEST

START_TEST(comes_back_after_being_down) {
  Fixture f(2, [](int i) { return i < 3 ? cut(0) : Behaviour(); });
  bool good = false;
  const bool done = f.loop.run_until(
      [&] {
        TestQuery& query = f.submit(false);
        if (!query.done()) f.loop.run_until([&] { return query.done(); }, 5000);
        good = query.ok;
        if (!good) f.loop.run_once(5);
        return good;
      },
      10000);
  ck_assert(done && good);
  ck_assert(!f.now().unavailable);
  ck_assert_int_eq(f.server.connections(), 4);
}
END_TEST

START_TEST(a_lost_query_is_sent_once_more_on_a_new_connection) {
  const std::size_t setup = setup_bytes();
  for (const bool point : {true, false}) {
    for (std::size_t at = setup; at < setup + 60; at += 7) {
      Fixture f(4, [&](int i) { return i == 0 ? cut(at) : Behaviour(); });
      for (int i = 0; i < 5; ++i) f.submit(point, std::to_string(i));
      f.finish();
      for (std::size_t i = 0; i < 5; ++i) {
        ck_assert_msg(f.queries[i]->ok, "cut at %zu: %s", at, f.queries[i]->failure.message.c_str());
        ck_text_eq(f.queries[i]->value, std::to_string(i));
      }
      ck_assert_uint_eq(f.now().lost, 1);
    }
  }
}
END_TEST

START_TEST(lost_twice_is_unavailable) {
  const std::size_t setup = setup_bytes();
  Fixture f(4, [&](int) { return cut(setup + 20); });
  f.submit(true);
  f.submit(false);
  f.finish();
  for (const auto& query : f.queries) ck_assert(query->failure.kind == Failure::Kind::database_unavailable);
  ck_assert_uint_eq(f.now().lost, 4);
}
END_TEST

START_TEST(errors_are_told_apart) {
  const struct {
    const char* sql;
    Failure::Kind kind;
    uint64_t retries;
  } cases[] = {{"fail:22012", Failure::Kind::query_failed, 0},
               {"fail:57014", Failure::Kind::query_timeout, 0},
               {"fail:53300", Failure::Kind::database_unavailable, 0},
               {"fail:08006", Failure::Kind::database_unavailable, 0},
               {"fail:40001", Failure::Kind::query_failed, 1},
               {"fail:26000", Failure::Kind::query_failed, 1},
               {"fail:0A000", Failure::Kind::query_failed, 1},
               {"fail:57P01", Failure::Kind::database_unavailable, 1}};
  for (const bool point : {true, false}) {
    for (const auto& one : cases) {
      Fixture f(4);
      TestQuery& query = f.submit(point, "private value", one.sql);
      f.finish();
      ck_assert_msg(query.failure.kind == one.kind, "%s", one.sql);
      ck_text_eq(query.failure.sqlstate, one.sql + 5);
      ck_assert_uint_eq(f.now().retries, one.retries);
      ck_assert(f.log.has(one.sql + 5));
      ck_assert(!f.log.has("private value"));
      ck_assert(!f.log.has("secret detail"));
    }
  }
}
END_TEST

START_TEST(abandoned_at_every_stage) {
  Fixture f(2);
  f.submit(false);
  f.finish();
  for (const bool point : {true, false}) {
    TestQuery& in_flight = f.add(point);
    TestQuery& waiting = f.add(false);
    f.pool().submit(in_flight);
    f.pool().submit(waiting);
    f.pool().abandon(in_flight);
    f.pool().abandon(waiting);
    f.pool().abandon(waiting);
    f.queries.resize(1);
    wait_for(
        f.loop, [&] { return f.now().in_flight == 0 && f.now().connecting == 0; }, "the discarded answer");
  }
  ck_assert_uint_eq(f.now().waiting, 0);
  TestQuery& last = f.submit(false, "last");
  f.finish();
  ck_text_eq(last.value, "last");
  f.pool().abandon(last);  // after its callback: no effect
}
END_TEST

START_TEST(callbacks_that_abandon_their_neighbours) {
  Fixture f(1);
  f.dsn = dsn_of("host=/nonexistent/pg");
  TestQuery& first = f.add(false);
  TestQuery& second = f.add(false);
  TestQuery& third = f.add(false);
  first.then = [&] {
    f.pool().abandon(second);
    TestQuery& late = f.add(false);
    f.pool().submit(late);
    ck_assert_int_eq(late.callbacks, 1);
  };
  // Wait behind an attempt that has not failed yet.
  Fixture hole(1, [](int) { return stall(0); });
  hole.config.connect_timeout_ms = 50;
  hole.pool().submit(first);
  first.then = [&] { hole.pool().abandon(second); };
  hole.pool().submit(second);
  hole.pool().submit(third);
  wait_for(
      hole.loop, [&] { return third.done(); }, "the failures");
  ck_assert_int_eq(first.callbacks, 1);
  ck_assert_int_eq(second.callbacks, 0);
  ck_assert_int_eq(third.callbacks, 1);
}
END_TEST

START_TEST(idle_connections_close) {
  Fixture f(4);
  f.config.idle_timeout_ms = 50;
  f.submit(true);
  f.submit(false);
  f.finish();
  ck_assert_uint_eq(f.now().open, 2);
  wait_for(
      f.loop, [&] { return f.now().open == 0; }, "the idle timeout");
  ck_assert_uint_eq(f.now().idle_closed, 2);
  ck_assert_uint_eq(f.loop.watch_count(), 0);
  f.submit(false);
  f.finish();
}
END_TEST

START_TEST(a_leaving_pool_keeps_one_and_still_serves) {
  Fixture f(4);
  f.config.idle_timeout_ms = 30;
  f.submit(true);
  f.submit(false);
  f.finish();
  wait_for(
      f.loop, [&] { return f.now().in_flight == 0; }, "quiet");
  f.loop.run_once(5);
  f.pool().set_leaving();
  f.loop.close_idle();
  ck_assert_uint_eq(f.now().open, 1);
  wait_for(
      f.loop, [&, end = f.loop.now_ms() + 100] { return f.loop.now_ms() >= end; }, "the idle timeout");
  ck_assert_uint_eq(f.now().open, 1);
  f.submit(true, "late");
  f.submit(false, "late");
  f.finish();
  for (const auto& query : f.queries) ck_assert(query->ok);
}
END_TEST

START_TEST(shutdown_abandons_everything) {
  Fixture f(2);
  f.submit(true);
  f.finish();
  for (int i = 0; i < 10; ++i) f.submit(i % 2 == 0);
  f.pool().shutdown();
  ck_assert_uint_eq(f.loop.watch_count(), 0);
  for (std::size_t i = 1; i < f.queries.size(); ++i) {
    ck_assert_int_eq(f.queries[i]->callbacks, 0);
    f.pool().abandon(*f.queries[i]);
  }
  TestQuery& late = f.submit(true);
  ck_assert(late.failure.kind == Failure::Kind::database_unavailable);
  f.loop.run_once(5);
}
END_TEST

START_TEST(no_slot_left_in_the_loop) {
  Fixture f(4);
  f.submit(true);
  f.finish();
  f.loop.set_watch_limit(1);
  // The other kind cannot have a connection: it uses the open one.
  for (int i = 0; i < 5; ++i) f.submit(i % 2 == 0);
  f.finish();
  for (const auto& query : f.queries) ck_assert_msg(query->ok, "%s", query->failure.message.c_str());
  ck_assert_uint_eq(f.now().open, 1);
}
END_TEST

START_TEST(a_server_that_stops_answering_is_given_up) {
  const std::size_t setup = setup_bytes();
  Fixture f(1, [&](int i) { return i == 0 ? stall(setup + 10) : Behaviour(); });
  f.config.idle_timeout_ms = 200;  // ticks faster
  TestQuery& query = f.add(false);
  query.timeout_ms = 100;
  f.pool().submit(query);
  f.finish();  // about 10 s for the statement_timeout's own answer + 5 s
  ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
  ck_assert_uint_eq(f.now().lost, 1);
}
END_TEST

// With `prepare off` each query brings its own statement_timeout: a shared connection is given up no later.
START_TEST(a_shared_connection_that_stops_answering_is_given_up_unprepared) {
  Fixture probe(2);
  probe.config.prepare = false;
  probe.submit(true);
  probe.finish();
  const std::size_t first = probe.server.sent_bytes();
  Fixture f(2, [&](int i) { return i == 0 ? stall(first + 5) : Behaviour(); });
  f.config.prepare = false;
  f.config.idle_timeout_ms = 200;
  f.submit(true);
  f.finish();
  TestQuery& query = f.add(true);
  query.timeout_ms = 100;
  f.pool().submit(query);
  f.finish();  // its own 100 ms + 5 s
  ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
  ck_assert_uint_eq(f.now().lost, 1);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_pool_faults", hosts_are_tried_one_by_one_and_the_good_one_is_remembered,
                down_fails_fast_with_backoff, comes_back_after_being_down,
                a_lost_query_is_sent_once_more_on_a_new_connection, lost_twice_is_unavailable,
                errors_are_told_apart, abandoned_at_every_stage, callbacks_that_abandon_their_neighbours,
                idle_connections_close, a_leaving_pool_keeps_one_and_still_serves,
                shutdown_abandons_everything, no_slot_left_in_the_loop,
                a_server_that_stops_answering_is_given_up,
                a_shared_connection_that_stops_answering_is_given_up_unprepared);
