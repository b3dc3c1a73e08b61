// Abandoned queries are cancelled in a real PostgreSQL, and a cancel never hits another query.
#include "pg_live.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

std::string active(Admin& admin) {
  return admin.run(
      "select count(*) from pg_stat_activity where application_name = 'tgtest_cancel' and state = 'active'");
}

START_TEST(abandoned_queries_end_in_the_database) {
  for (const bool prepare : {true, false}) {
    Fixture f(8);
    f.name_sessions("tgtest_cancel");
    f.config.prepare = prepare;
    Admin admin;
    std::vector<std::unique_ptr<TestQuery>> queries;
    for (int i = 0; i < 20; ++i) {
      queries.push_back(std::make_unique<TestQuery>(1, "select pg_sleep(60)"));
      f.pool().submit(*queries.back());
    }
    wait_for(
        f.loop, [&] { return f.pool().statistics().in_flight == 6; }, "all exclusive connections are busy");
    for (const auto& query : queries) f.pool().abandon(*query);
    const uint64_t begun = f.loop.now_ms();
    f.settle();
    wait_for(
        f.loop, [&] { return active(admin) == "0"; }, "PostgreSQL has ended them");
    ck_assert_uint_lt(f.loop.now_ms() - begun, 5000);
    TestQuery next(2, "select 1");
    f.run(next);
    ck_assert(next.ok);
    ck_assert_uint_eq(f.pool().statistics().lost, 0);
    for (const auto& query : queries) ck_assert_int_eq(query->callbacks, 0);
  }
}
END_TEST

// The first of a batch is abandoned: the others are answered all the same.
START_TEST(a_batch_outlives_its_first_query) {
  Fixture f(8);
  f.config.batch = true;
  TestQuery first(1, "select 1");
  first.point = true;
  f.run(first);
  TestQuery slow(2, "select pg_sleep(60)");
  std::vector<std::unique_ptr<TestQuery>> queries;
  TestQuery holder(3, "select pg_sleep(0.05)");
  holder.point = slow.point = true;
  f.pool().submit(holder);
  f.loop.run_once(0);  // it leaves alone
  f.pool().submit(slow);
  for (int i = 0; i < 10; ++i) {
    queries.push_back(
        std::make_unique<TestQuery>(4, "select $1", std::vector<std::string>{std::to_string(i)}));
    queries.back()->point = true;
    f.pool().submit(*queries.back());
  }
  wait_for(
      f.loop, [&] { return holder.done() && f.pool().statistics().in_flight == 11; }, "the batch is sent");
  f.pool().abandon(slow);
  f.settle();
  for (std::size_t i = 0; i < queries.size(); ++i) ck_text_eq(queries[i]->value, std::to_string(i));
  ck_assert_uint_eq(f.pool().statistics().failures, 0);
}
END_TEST

// Cancels that come while the statement ends by itself.
START_TEST(a_cancel_never_hits_the_next_query) {
  for (const bool point : {false, true}) {
    Fixture f(point ? 4 : 1);
    for (int i = 0; i < 150; ++i) {
      TestQuery slow(1, "select pg_sleep($1)", {"0.0" + std::to_string(8 + i % 7)}, {701});
      TestQuery next(2, "select pg_sleep(0.002)");
      slow.point = next.point = point;
      f.pool().submit(slow);
      wait_for(
          f.loop, [&] { return f.pool().statistics().in_flight == 1; }, "it runs");
      f.pool().abandon(slow);
      f.run(next);
      ck_assert_msg(next.ok, "%s", next.failure.message.c_str());
    }
    ck_assert_msg(f.pool().statistics().lost == 0, "%s",
                  f.log.lines.empty() ? "no line" : f.log.lines.back().c_str());
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_cancel_live_pg", abandoned_queries_end_in_the_database, a_batch_outlives_its_first_query,
                a_cancel_never_hits_the_next_query);
