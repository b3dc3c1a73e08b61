// The pool against scripted servers: lanes, queues, retries, hosts in order,
// backoff and failing fast, idle connections, abandoned queries. Tests that
// need a real database are in pg_live_pgtest.cpp.
#include "pg_fake_server.hpp"
#include "pg_testing.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

struct Fixture {
  explicit Fixture(
      unsigned connections, FakeServer::Script script = [](int) { return Behaviour(); })
      : server(std::move(script)),
        dsn(dsn_of("host=" + server.directory())),
        config(config_of(dsn, connections)) {}
  Pool& pool() {
    if (!pool_) pool_ = std::make_unique<Pool>(loop, config);
    return *pool_;
  }
  TestQuery& add(bool point, const std::string& value = "v", const std::string& sql = "select $1") {
    queries.push_back(
        std::make_unique<TestQuery>(1 + std::hash<std::string>()(sql), sql, std::vector<std::string>{value}));
    queries.back()->point = point;
    return *queries.back();
  }
  TestQuery& submit(bool point, const std::string& value = "v", const std::string& sql = "select $1") {
    TestQuery& query = add(point, value, sql);
    pool().submit(query);
    return query;
  }
  void finish() {
    wait_for(
        loop,
        [&] {
          for (const auto& query : queries) {
            if (!query->done()) return false;
          }
          return true;
        },
        "every query");
    for (const auto& query : queries) ck_assert_int_eq(query->callbacks, 1);
  }
  PoolStatistics now() { return pool().statistics(); }

  FakeServer server;
  LogLines log;
  PollLoop loop{log.sink()};
  Dsn dsn;
  PoolConfig config;
  std::vector<std::unique_ptr<TestQuery>> queries;
  std::unique_ptr<Pool> pool_;
};

Behaviour stall(std::size_t after) {
  Behaviour behaviour;
  behaviour.stall_at = after;
  return behaviour;
}

Behaviour cut(std::size_t after) {
  Behaviour behaviour;
  behaviour.cut_at = after;
  return behaviour;
}

// Bytes that a server sends up to and including the session's setup.
std::size_t setup_bytes() {
  static std::size_t bytes = 0;
  if (bytes == 0) {
    Fixture f(1);
    TestQuery& query = f.add(false);
    f.pool().submit(query);
    wait_for(
        f.loop, [&] { return f.now().open == 1; }, "opening");
    // The query was sent when the setup's answer had been read.
    bytes = 0;
    Behaviour probe;
    const std::size_t whole = [&] {
      f.finish();
      return f.server.sent_bytes();
    }();
    Fixture again(1);
    again.submit(false);
    again.finish();
    again.submit(false);
    again.finish();
    const std::size_t one_more = again.server.sent_bytes() - whole;
    // A first query = statement_timeout (as long an answer as a row of "10000") + prepare ('1') + query.
    bytes = whole - (one_more + 5) - (one_more + 5 + 4);
  }
  return bytes;
}

START_TEST(nothing_opens_before_the_first_query) {
  Fixture f(4);
  f.pool();
  f.loop.run_once(10);
  ck_assert_int_eq(f.server.connections(), 0);
  TestQuery& query = f.submit(false, "hello");
  ck_assert_int_eq(query.callbacks, 0);
  f.finish();
  ck_text_eq(query.value, "hello");
  ck_assert_int_eq(f.server.connections(), 1);
}
END_TEST

// A SELECT has a row description, even without rows. libpq reports success without one if the connection
// breaks while it writes: it forgets the query and takes the row description that it still holds for the
// answer to a Describe. Seen with PostgreSQL killed under load; it must never become an empty answer.
START_TEST(success_without_a_row_description_is_no_answer) {
  Fixture f(1);
  f.config.prepare = false;  // its only statement then comes without a prepare before it
  TestQuery& query = f.submit(false, "v", "no rows");
  f.finish();
  ck_assert(!query.ok);
  ck_assert(query.failed);
  ck_assert(query.failure.kind == Failure::Kind::database_unavailable);
  ck_assert_int_eq(f.server.connections(), 2);
}
END_TEST

START_TEST(point_queries_share_others_do_not) {
  Fixture f(8);
  for (int i = 0; i < 3; ++i) {
    f.submit(true);
    f.submit(false);
    f.finish();
  }
  ck_assert_uint_eq(f.now().open, 2);
  // 2 of 8 lanes are for point queries: 12 in flight fit on the first of them.
  for (int i = 0; i < 12; ++i) f.submit(true);
  ck_assert_uint_eq(f.now().in_flight, 12);
  ck_assert_uint_eq(f.now().connecting, 0);
  for (int i = 0; i < 3; ++i) f.submit(false);
  ck_assert_uint_eq(f.now().in_flight, 13);
  ck_assert_uint_eq(f.now().waiting, 2);
  ck_assert_uint_eq(f.now().connecting, 1);
  f.finish();
  ck_assert_uint_le(f.now().open, 4);
}
END_TEST

START_TEST(a_second_point_lane_opens_under_load) {
  Fixture f(8);
  f.submit(true);
  f.finish();
  for (int i = 0; i < 200; ++i) f.submit(true, std::to_string(i));
  ck_assert_uint_eq(f.now().in_flight, 64);
  ck_assert_uint_eq(f.now().connecting, 1);
  f.finish();
  for (int i = 0; i < 200; ++i)
    ck_text_eq(f.queries[static_cast<std::size_t>(i) + 1]->value, std::to_string(i));
  ck_assert_uint_le(f.now().open, 2);
}
END_TEST

START_TEST(batch_waits_while_busy) {
  Fixture f(8);
  f.config.batch = true;
  f.submit(true);
  f.finish();
  f.submit(true);
  f.submit(true);
  f.submit(true, "x", "fail:22012");
  TestQuery& last = f.submit(true, "last");
  ck_assert_uint_eq(f.now().in_flight, 1);
  ck_assert_uint_eq(f.now().waiting, 3);
  f.finish();
  ck_text_eq(last.value, "last");
  ck_assert_uint_eq(f.now().failures, 1);
  ck_assert_uint_eq(f.now().retries, 1);  // only the one after the error
}
END_TEST

START_TEST(the_queue_is_bounded) {
  Fixture f(1);
  f.config.queue = 3;
  for (int i = 0; i < 3; ++i) f.submit(i == 0);
  TestQuery& refused = f.submit(false);
  ck_assert_int_eq(refused.callbacks, 1);  // inside submit
  ck_assert(refused.failure.kind == Failure::Kind::queue_full);
  f.finish();
  ck_assert_uint_eq(f.now().failures, 1);
}
END_TEST

START_TEST(each_kind_has_a_queue_of_its_own) {
  Fixture f(4);
  f.config.queue = 3;
  for (int i = 0; i < 3; ++i) f.submit(false);
  TestQuery& refused = f.submit(false);
  ck_assert(refused.failure.kind == Failure::Kind::queue_full);
  TestQuery& point = f.submit(true);
  ck_assert_msg(point.callbacks == 0, "a full queue of slow queries is not the point queries'");
  f.finish();
  ck_assert(point.ok);
}
END_TEST

START_TEST(spare_queries_take_no_place_from_others) {
  const std::size_t setup = setup_bytes();
  Fixture f(1, [setup](int) { return stall(setup); });  // opens, then answers nothing
  f.config.queue = 10;
  TestQuery& cold = f.add(true);
  ck_assert_msg(f.pool().submit_spare(cold), "nobody is there: it may open the first connection");
  wait_for(
      f.loop, [&] { return f.now().in_flight == 1; }, "the first one is sent");
  ck_assert_msg(f.pool().submit_spare(f.add(true)), "plenty of room to wait");
  f.submit(true);
  ck_assert_uint_eq(f.now().waiting, 2);
  TestQuery& third = f.add(true);
  ck_assert(f.pool().submit_spare(third));
  TestQuery& refused = f.add(true);
  ck_assert_msg(!f.pool().submit_spare(refused), "the rest of the room is the callers'");
  ck_assert_int_eq(refused.callbacks, 0);
  for (int i = 0; i < 7; ++i) f.submit(true);
  ck_assert_uint_eq(f.now().failures, 0);
}
END_TEST

START_TEST(spare_queries_use_what_is_idle) {
  Fixture f(4);
  f.submit(false);
  f.finish();
  TestQuery& spare = f.add(true);
  ck_assert_msg(f.pool().submit_spare(spare), "a connection of the other kind has nothing to do");
  f.finish();
  ck_assert(spare.ok);
  ck_assert_uint_eq(f.now().connects, 1);
}
END_TEST

START_TEST(spare_queries_leave_a_server_that_is_down_alone) {
  Fixture f(1);
  f.dsn = dsn_of("host=/nonexistent/pg");
  f.submit(true);
  f.finish();
  const uint64_t failures = f.now().connect_failures;
  ck_assert(f.now().unavailable && failures > 0);
  TestQuery& spare = f.add(true);
  ck_assert(!f.pool().submit_spare(spare));
  ck_assert_int_eq(spare.callbacks, 0);
  ck_assert_uint_eq(f.now().connect_failures, failures);
}
END_TEST

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

TABLEGATE_SUITE("pg_pool", nothing_opens_before_the_first_query, point_queries_share_others_do_not,
                success_without_a_row_description_is_no_answer, a_second_point_lane_opens_under_load,
                batch_waits_while_busy, the_queue_is_bounded, each_kind_has_a_queue_of_its_own,
                spare_queries_take_no_place_from_others, spare_queries_use_what_is_idle,
                spare_queries_leave_a_server_that_is_down_alone,
                hosts_are_tried_one_by_one_and_the_good_one_is_remembered, down_fails_fast_with_backoff,
                comes_back_after_being_down, a_lost_query_is_sent_once_more_on_a_new_connection,
                lost_twice_is_unavailable, errors_are_told_apart, abandoned_at_every_stage,
                callbacks_that_abandon_their_neighbours, idle_connections_close,
                a_leaving_pool_keeps_one_and_still_serves, shutdown_abandons_everything,
                no_slot_left_in_the_loop, a_server_that_stops_answering_is_given_up,
                a_shared_connection_that_stops_answering_is_given_up_unprepared);
