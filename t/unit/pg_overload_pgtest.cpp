// The pool against a real PostgreSQL when there is more to do than time: limits, refusals, shares.
#include "pg_live.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

// One connection; queries have deadlines.
struct Overload : Fixture {
  Overload() : Fixture(1) {}
  TestQuery& add(const std::string& sql, uint32_t timeout_ms, uint64_t caller = 1) {
    queries.push_back(std::make_unique<TestQuery>(1 + std::hash<std::string>()(sql), sql));
    TestQuery& query = *queries.back();
    query.timeout_ms = timeout_ms;
    query.deadline_ms = loop.now_ms() + timeout_ms;
    query.caller = caller;
    query.point = point;
    pool().submit(query);
    return query;
  }
  TestQuery& run_one(const std::string& sql, uint32_t timeout_ms) {
    TestQuery& query = add(sql, timeout_ms);
    wait_for(
        loop, [&] { return query.done(); }, "a query");
    return query;
  }
  std::vector<std::unique_ptr<TestQuery>> queries;
  bool point = false;
};

const char* const kSlow = "select pg_sleep(0.2)";
const char* const kLimit =
    "select extract(epoch from current_setting('statement_timeout')::interval)::float8 * 1000";

START_TEST(what_is_left_is_the_limit) {
  for (const bool prepare : {true, false}) {
    Overload f;
    f.config.prepare = prepare;
    ck_text_eq(f.run_one(kLimit, 8000).value, "8000");
    f.add("select pg_sleep(1)", 20000);
    TestQuery& late = f.add(kLimit, 8000);
    f.settle();
    const double limit = atof(late.value.c_str());
    ck_assert_msg(limit > 2000 && limit <= 7010, "%f", limit);
    ck_text_eq(f.run_one(kLimit, 8000).value, "8000");
  }
}
END_TEST

START_TEST(what_cannot_be_done_is_refused_at_once) {
  Overload f;
  for (int i = 0; i < 3; ++i) ck_assert(f.run_one(kSlow, 5000).ok);
  std::vector<TestQuery*> all;
  for (int i = 0; i < 10; ++i) all.push_back(&f.add(kSlow, 1000));
  const auto refused = [&] {
    std::size_t count = 0;
    for (const TestQuery* query : all) count += query->failed ? 1 : 0;
    return count;
  };
  // 200 ms each: not more than four of them can be done in a second.
  ck_assert_uint_ge(refused(), 6);
  ck_assert_uint_le(refused(), 8);
  f.settle();
  for (const TestQuery* query : all) {
    if (query->failed) ck_assert(query->failure.kind == Failure::Kind::queue_full);
  }
  ck_assert_uint_le(refused(), 8);
}
END_TEST

// Or an estimate that is too high would never be put right.
START_TEST(a_free_connection_is_used_whatever_the_estimate) {
  Overload f;
  TestQuery& slow = f.run_one("select pg_sleep(1)", 300);
  ck_assert(slow.failure.kind == Failure::Kind::query_timeout);
  TestQuery& again = f.run_one("select pg_sleep(1)", 300);
  ck_assert(again.failure.kind == Failure::Kind::query_timeout);
}
END_TEST

START_TEST(a_full_queue_has_room_for_who_has_less) {
  Overload f;
  f.config.queue = 4;
  ck_assert(f.run_one(kSlow, 20000).ok);
  std::vector<TestQuery*> greedy;
  for (int i = 0; i < 6; ++i) greedy.push_back(&f.add(kSlow, 20000, 1));
  ck_assert_msg(greedy[5]->failed, "one runs and four wait");
  TestQuery& modest = f.add(kSlow, 20000, 2);
  ck_assert_msg(!greedy[4]->failed, "nobody is called within another one's submit()");
  TestQuery& more = f.add(kSlow, 20000, 1);
  ck_assert(more.failed);
  wait_for(
      f.loop, [&] { return modest.done(); }, "the modest one");
  ck_assert(modest.ok);
  ck_assert(greedy[4]->failed && greedy[4]->failure.kind == Failure::Kind::queue_full);
  ck_assert_msg(!greedy[2]->done(), "it was not the last one to be answered");
  f.settle();
  ck_assert(greedy[2]->ok && greedy[3]->ok);
}
END_TEST

// Point queries are sent in batches: one that takes with it all that waits leaves no queue, however long the
// batch before it took.
START_TEST(a_queue_that_a_batch_empties_does_not_stand) {
  Overload f;
  f.config.connections = 4;
  f.config.batch = true;
  f.point = true;
  const char* const kShort = "select pg_sleep(0.1)";
  ck_assert(f.run_one(kShort, 20000).ok);
  TestQuery& first = f.add(kShort, 20000);
  // Three batches: each is added while the one before it runs, which takes longer than a queue may stand.
  TestQuery* last = &first;
  for (int batch = 0; batch < 3; ++batch) {
    TestQuery* before = last;
    for (int i = 0; i < 6; ++i) last = &f.add(kShort, 20000);
    wait_for(
        f.loop, [&] { return before->done(); }, "the batch before");
  }
  f.settle();
  for (const auto& query : f.queries) ck_assert(query->ok);
}
END_TEST

// Two shared connections are open. The next batch waits for the one that is busy, and takes the other one
// when the busy one is late.
START_TEST(one_shared_connection_while_that_is_enough) {
  Overload f;
  f.config.connections = 8;
  f.config.batch = true;
  f.point = true;
  ck_assert(f.run_one("select 1", 20000).ok);
  f.add("select pg_sleep(0.2)", 20000);
  f.loop.run_once(0);
  for (int i = 0; i < 64; ++i) f.add("select 1", 20000);
  f.settle();
  ck_assert_uint_eq(f.pool().statistics().open, 2);
  for (int i = 0; i < 100; ++i) ck_assert(f.run_one("select 1", 20000).ok);  // the estimate is of short ones

  TestQuery& first = f.add("select pg_sleep(0.4)", 20000);
  f.loop.run_once(0);
  TestQuery& second = f.add("select 2", 20000);
  ck_assert_uint_eq(f.pool().statistics().in_flight, 1);
  ck_assert_uint_eq(f.pool().statistics().waiting, 1);
  wait_for(
      f.loop, [&] { return second.done(); }, "the query behind the slow one");
  ck_assert(second.ok);
  ck_assert(!first.done());
  f.settle();
}
END_TEST

// A caller of slow statements does not hold all connections while others are there.
START_TEST(one_connection_is_left_to_others) {
  const char* const kLong = "select pg_sleep(0.7)";
  for (const bool fair : {true, false}) {
    Overload f;
    f.config.connections = 4;
    f.config.pipeline = false;
    f.config.fair = fair;
    f.run_one(kLong, 20000);
    TestQuery& first = f.add("select 2", 20000, 2);
    for (int i = 0; i < 12; ++i) f.add(kLong, 20000, 1);
    wait_for(
        f.loop, [&] { return first.done() && f.pool().statistics().open == 4; }, "all connections are open");
    f.loop.run_once(50);
    ck_assert_uint_eq(f.pool().statistics().in_flight, fair ? 3 : 4);
    const uint64_t begun = f.loop.now_ms();
    TestQuery& other = f.add("select 2", 20000, 2);
    wait_for(
        f.loop, [&] { return other.done(); }, "another caller's query");
    ck_assert(other.ok);
    if (fair) ck_assert_uint_lt(f.loop.now_ms() - begun, 300);
    f.settle();
    for (const auto& query : f.queries) ck_assert(query->ok);
  }
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_overload_pg", what_is_left_is_the_limit, what_cannot_be_done_is_refused_at_once,
                a_free_connection_is_used_whatever_the_estimate, a_full_queue_has_room_for_who_has_less,
                a_queue_that_a_batch_empties_does_not_stand, one_shared_connection_while_that_is_enough,
                one_connection_is_left_to_others);
