// Rows in chunks, and pauses, against a real PostgreSQL: large results, errors in the middle, connections
// that are used again.
#include "pg_live.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

constexpr const char* kMany = "select i from generate_series(1, 100000) i";

START_TEST(a_large_result_with_pauses) {
  for (const bool prepare : {true, false}) {
    Fixture f(4);
    f.config.prepare = prepare;
    TestQuery query(1, kMany);
    query.delivery = Delivery::chunks;
    int chunks = 0;
    query.on_chunk = [&] {
      if (!query.done() && ++chunks % 100 == 0) f.pool().pause(query);
    };
    f.pool().submit(query);
    int asked = 0;
    while (!query.done()) {
      f.loop.run_once(1);
      TestQuery other(2, "select $1", {std::to_string(++asked)});
      other.point = asked % 2 == 0;
      f.run(other);
      ck_text_eq(other.value, std::to_string(asked));
      if (!query.done()) f.pool().resume(query);
    }
    ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
    ck_assert_uint_eq(query.column.size(), 100000);
    for (std::size_t i = 0; i < query.column.size(); ++i) ck_text_eq(query.column[i], std::to_string(i + 1));
    ck_assert_int_gt(query.chunks, 1000);
    ck_assert_uint_eq(f.pool().statistics().lost, 0);
  }
}
END_TEST

START_TEST(an_error_in_the_middle) {
  Fixture f(1);
  TestQuery query(1, "select 1 / (5000 - i) from generate_series(1, 10000) i");
  query.delivery = Delivery::chunks;
  f.run(query);
  ck_assert(query.failed);
  ck_assert(query.failure.after_rows);
  ck_text_eq(query.failure.sqlstate, "22012");
  ck_assert_int_gt(query.rows, 0);
  ck_assert_int_lt(query.rows, 5000);
  TestQuery next(2, "select 1");
  f.run(next);
  ck_assert(next.ok);
  ck_assert_uint_eq(f.pool().statistics().connects, 1);
  ck_assert_uint_eq(f.pool().statistics().retries, 0);
}
END_TEST

START_TEST(a_backend_that_ends_while_paused) {
  Fixture f(1);
  f.name_sessions("tgtest_chunks");
  Admin admin;
  TestQuery query(1, "select i, repeat('x', 1000) from generate_series(1, 100000) i");
  query.delivery = Delivery::chunks;
  query.on_chunk = [&] {
    if (query.chunks == 1) f.pool().pause(query);
  };
  f.pool().submit(query);
  wait_for(
      f.loop, [&] { return query.chunks == 1; }, "the first chunk");
  admin.run(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tgtest_chunks'");
  for (int i = 0; i < 20; ++i) f.loop.run_once(2);
  ck_assert(!query.done());
  f.pool().resume(query);
  wait_for(
      f.loop, [&] { return query.done(); }, "the end");
  ck_assert(query.failed);
  ck_assert(query.failure.after_rows);
  ck_assert_uint_eq(f.pool().statistics().retries, 0);
}
END_TEST

START_TEST(abandoned_while_paused) {
  Fixture f(1);
  for (int round = 0; round < 3; ++round) {
    auto query = std::make_unique<TestQuery>(1, kMany);
    query->delivery = Delivery::chunks;
    query->on_chunk = [&] { f.pool().pause(*query); };
    f.pool().submit(*query);
    wait_for(
        f.loop, [&] { return query->chunks == 1; }, "the first chunk");
    f.pool().abandon(*query);
    query.reset();
    TestQuery next(2, "select 1");
    f.run(next);
    ck_assert(next.ok);
  }
  ck_assert_uint_eq(f.pool().statistics().connects, 1);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_chunks_live_pg", a_large_result_with_pauses, an_error_in_the_middle,
                a_backend_that_ends_while_paused, abandoned_while_paused);
