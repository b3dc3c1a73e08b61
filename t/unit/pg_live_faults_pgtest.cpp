// The pool against a real PostgreSQL with failures: backends terminated,
// statements and plans lost, timeouts, no free connections.
#include "pg_live.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

START_TEST(changed_column_type_is_planned_again) {
  Admin admin;
  admin.run(
      "drop table if exists pg_test_changing; create table pg_test_changing(a int); "
      "insert into pg_test_changing values (7)");
  for (const bool point : {true, false}) {
    Fixture f(2);
    TestQuery before(1, "select * from public.pg_test_changing");
    before.point = point;
    f.run(before);
    ck_text_eq(before.value, "7");
    admin.run("alter table pg_test_changing alter a type bigint");
    TestQuery after(1, "select * from public.pg_test_changing");
    TestQuery second(1, "select * from public.pg_test_changing");
    after.point = second.point = point;
    f.pool().submit(second);
    f.run(after);
    wait_for(
        f.loop, [&] { return second.done(); }, "the second");
    ck_assert_msg(after.ok && second.ok, "%s", after.failure.message.c_str());
    ck_assert_uint_ge(f.pool().statistics().retries, 1);
    admin.run("alter table pg_test_changing alter a type int");
  }
  admin.run("drop table pg_test_changing");
}
END_TEST

START_TEST(lost_statement_is_prepared_again) {
  Admin admin;
  admin.run(
      "create function pg_test_forget() returns int language plpgsql as "
      "$$ begin execute 'deallocate all'; return 1; end $$");
  Fixture f(2);
  for (const bool point : {true, false}) {
    TestQuery before(1, "select 5");
    TestQuery drop(2, "select public.pg_test_forget()");
    TestQuery after(1, "select 5");
    before.point = drop.point = after.point = point;
    f.run(before);
    f.run(drop);
    f.run(after);
    ck_assert(drop.ok && after.ok);
    ck_text_eq(after.value, "5");
  }
  admin.run("drop function pg_test_forget()");
}
END_TEST

START_TEST(statement_timeout_is_a_query_timeout) {
  for (const bool prepare : {true, false}) {
    Fixture f(1);
    f.config.prepare = prepare;
    TestQuery slow(1, "select pg_sleep(30)");
    slow.timeout_ms = 100;
    f.run(slow);
    ck_assert(slow.failure.kind == Failure::Kind::query_timeout);
    ck_text_eq(slow.failure.sqlstate, "57014");
    TestQuery longer(2, "select pg_sleep(0.3)");
    f.run(longer);
    ck_assert(longer.ok);
    TestQuery unlimited(3, "select current_setting('statement_timeout')");
    unlimited.timeout_ms = 0;
    f.run(unlimited);
    ck_text_eq(unlimited.value, "0");
  }
}
END_TEST

START_TEST(terminated_before_the_query) {
  Admin admin;
  Fixture f(8);
  for (const bool point : {true, false}) {
    TestQuery pid(1, "select pg_backend_pid()");
    pid.point = point;
    f.run(pid);
    admin.run("select pg_terminate_backend(" + pid.value + ", 5000)");
    // The loop has not run: the pool does not know yet that the connection is broken.
    TestQuery query(2, "select 2");
    query.point = point;
    f.run(query);
    ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
  }
  ck_assert_uint_eq(f.pool().statistics().lost, 2);
}
END_TEST

START_TEST(terminated_while_idle) {
  Admin admin;
  Fixture f(8);
  TestQuery pid(1, "select pg_backend_pid()");
  f.run(pid);
  admin.run("select pg_terminate_backend(" + pid.value + ", 5000)");
  wait_for(
      f.loop, [&] { return f.pool().statistics().open == 0; }, "the loss of an idle connection");
  ck_assert_uint_eq(f.loop.watch_count(), 0);
  TestQuery query(2, "select 2");
  f.run(query);
  ck_assert(query.ok);
}
END_TEST

START_TEST(terminated_during_the_query) {
  Admin admin;
  Fixture f(8);
  f.name_sessions("tgtest_faults");
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < 40; ++i) {
    queries.push_back(std::make_unique<TestQuery>(1, "select pg_sleep(0.02)"));
    queries.back()->point = i % 2 == 0;
    f.pool().submit(*queries.back());
  }
  wait_for(
      f.loop, [&] { return f.pool().statistics().in_flight > 10; }, "queries in flight");
  const std::string killed = admin.run(
      "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = "
      "'tgtest_faults'");
  ck_assert_int_ge(atoi(killed.c_str()), 1);
  f.settle();
  for (const auto& query : queries) {
    ck_assert_int_eq(query->callbacks, 1);
    ck_assert_msg(query->ok, "%s", query->failure.message.c_str());
  }
  ck_assert_uint_ge(f.pool().statistics().lost, 1);
  ck_assert(f.log.has("57P01"));
}
END_TEST

START_TEST(a_query_that_kills_its_backend_fails_the_second_time) {
  Fixture f(2);
  TestQuery query(1, "select pg_terminate_backend(pg_backend_pid())");
  f.run(query);
  ck_assert(query.failure.kind == Failure::Kind::database_unavailable);
  ck_assert_int_eq(query.callbacks, 1);
  ck_assert_uint_eq(f.pool().statistics().lost, 2);
  TestQuery next(2, "select 1");
  f.run(next);
  ck_assert(next.ok);
}
END_TEST

START_TEST(abandoned_in_flight) {
  Fixture f(2);
  for (const bool point : {true, false}) {
    auto gone = std::make_unique<TestQuery>(1, "select pg_sleep(0.2)");
    gone->point = point;
    f.pool().submit(*gone);
    wait_for(
        f.loop, [&] { return gone->sent_ms != 0; }, "sending");
    f.pool().abandon(*gone);
    f.pool().abandon(*gone);
    ck_assert_int_eq(gone->callbacks, 0);
    gone.reset();  // its memory is the caller's again
    ck_assert_uint_eq(f.pool().statistics().in_flight, 1);
    TestQuery next(2, "select 3");
    next.point = point;
    f.run(next);
    ck_text_eq(next.value, "3");
    ck_assert_uint_eq(f.pool().statistics().in_flight, 0);
  }
}
END_TEST

START_TEST(max_connections_reached) {
  Admin admin;
  admin.run("drop role if exists tgtest_few");
  admin.run("create role tgtest_few login connection limit 2");
  Fixture f(8);
  f.dsn = dsn_of(test_dsn() + " user=tgtest_few");
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < 60; ++i) {
    queries.push_back(std::make_unique<TestQuery>(1, "select pg_sleep(0.01)"));
    queries.back()->point = i % 2 == 0;
    f.pool().submit(*queries.back());
  }
  f.settle();
  for (const auto& query : queries) ck_assert_msg(query->ok, "%s", query->failure.message.c_str());
  ck_assert_uint_le(f.pool().statistics().open, 2);
  ck_assert_uint_ge(f.pool().statistics().connect_failures, 1);
  ck_assert(f.log.has("too many connections"));
  f.pool_.reset();
  wait_for(
      f.loop,
      [&] {
        f.loop.run_once(20);
        return admin.run("select count(*) from pg_stat_activity where usename = 'tgtest_few'") == "0";
      },
      "the backends to leave");
  // No connection at all: every query fails, immediately and permanently.
  admin.run("alter role tgtest_few connection limit 0");
  TestQuery none(2, "select 1");
  f.run(none);
  ck_assert(none.failure.kind == Failure::Kind::database_unavailable);
  f.pool_.reset();
  admin.run("drop role tgtest_few");
}
END_TEST

START_TEST(max_connections_with_one_open_serves_both_kinds) {
  Admin admin;
  admin.run("drop role if exists tgtest_one");
  admin.run("create role tgtest_one login connection limit 1");
  Fixture f(8);
  f.dsn = dsn_of(test_dsn() + " user=tgtest_one");
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < 30; ++i) {
    queries.push_back(std::make_unique<TestQuery>(1, "select pg_sleep(0.01)"));
    queries.back()->point = i % 2 == 0;
    f.pool().submit(*queries.back());
  }
  f.settle();
  for (const auto& query : queries) ck_assert_msg(query->ok, "%s", query->failure.message.c_str());
  f.pool_.reset();
  admin.run("drop role tgtest_one");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_live_faults_pg", changed_column_type_is_planned_again, lost_statement_is_prepared_again,
                statement_timeout_is_a_query_timeout, terminated_before_the_query, terminated_while_idle,
                terminated_during_the_query, a_query_that_kills_its_backend_fails_the_second_time,
                abandoned_in_flight, max_connections_reached,
                max_connections_with_one_open_serves_both_kinds);
