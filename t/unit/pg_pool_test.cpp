// The pool before scripted servers: lanes and queues. Tests that need a real database are in
// pg_live_pgtest.cpp.
#include "pg_pool_testing.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

using Fixture = PoolFixture;

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
  f.loop.run_once(0);  // it leaves alone
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

START_TEST(what_comes_in_one_turn_is_one_batch) {
  Fixture f(8);
  f.config.batch = true;
  f.submit(true);
  f.finish();
  f.submit(true);
  f.submit(true, "x", "fail:22012");
  for (int i = 0; i < 3; ++i) f.submit(true, std::to_string(i));
  ck_assert_uint_eq(f.now().in_flight, 5);
  ck_assert_uint_eq(f.now().waiting, 0);
  f.finish();
  for (std::size_t i = 0; i < 3; ++i) ck_text_eq(f.queries[i + 3]->value, std::to_string(i));
  ck_assert_uint_eq(f.now().failures, 1);
  ck_assert_uint_eq(f.now().retries, 3);  // the error was under the Sync of those after it
  ck_assert_uint_eq(f.now().open, 1);
}
END_TEST

START_TEST(a_batch_has_room_for_64) {
  Fixture f(4);
  f.config.batch = true;
  f.submit(true);
  f.finish();
  for (int i = 0; i < 200; ++i) f.submit(true, std::to_string(i));
  ck_assert_uint_eq(f.now().in_flight, 64);
  ck_assert_uint_eq(f.now().waiting, 136);
  f.finish();
  for (std::size_t i = 0; i < 200; ++i) ck_text_eq(f.queries[i + 1]->value, std::to_string(i));
  ck_assert_uint_eq(f.now().queries, 201);
}
END_TEST

// A query that is taken back before its turn ends is sent all the same: the connection stays in step.
START_TEST(abandoned_before_the_turn_ends) {
  Fixture f(4);
  f.config.batch = true;
  f.submit(true);
  f.finish();
  TestQuery gone(99, "select $1", {"gone"});
  gone.point = true;
  f.pool().submit(gone);
  f.submit(true, "stays");
  f.pool().abandon(gone);
  f.finish();
  ck_text_eq(f.queries.back()->value, "stays");
  ck_assert_int_eq(gone.callbacks, 0);
  f.submit(true);
  f.pool().shutdown();  // a batch that is not sent yet
  f.loop.run_once(0);
  ck_assert_int_eq(f.queries.back()->callbacks, 0);
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

}  // namespace

TABLEGATE_SUITE("pg_pool", nothing_opens_before_the_first_query,
                success_without_a_row_description_is_no_answer, point_queries_share_others_do_not,
                a_second_point_lane_opens_under_load, batch_waits_while_busy,
                what_comes_in_one_turn_is_one_batch, a_batch_has_room_for_64, abandoned_before_the_turn_ends,
                the_queue_is_bounded, each_kind_has_a_queue_of_its_own,
                spare_queries_take_no_place_from_others, spare_queries_use_what_is_idle,
                spare_queries_leave_a_server_that_is_down_alone);
