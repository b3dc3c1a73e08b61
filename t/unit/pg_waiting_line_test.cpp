// pg/waiting_line and pg/pace: who is next, who has to leave, and how long statements are expected to take.
#include "pg/waiting_line.hpp"

#include <map>

#include "pg/pace.hpp"
#include "pg_testing.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

struct Queries {
  TestQuery& add(uint64_t caller, uint64_t route) {
    all.push_back(std::make_unique<TestQuery>(route, "select 1"));
    all.back()->caller = caller;
    return *all.back();
  }
  std::vector<std::unique_ptr<TestQuery>> all;
};

// Takes the next one and returns its caller.
uint64_t take(WaitingLine& line, bool newest = false) {
  Query* query = line.next(newest);
  ck_assert_ptr_nonnull(query);
  line.take(*query);
  return query->caller;
}

START_TEST(callers_take_turns) {
  Queries q;
  WaitingLine line(true);
  for (int i = 0; i < 30; ++i) line.push(q.add(1, 1), 1000);
  for (int i = 0; i < 10; ++i) line.push(q.add(2, 1), 1000);
  std::map<uint64_t, int> served;
  for (int i = 0; i < 20; ++i) ++served[take(line)];
  ck_assert_int_eq(served[1], 10);
  ck_assert_int_eq(served[2], 10);
  while (!line.empty()) take(line);
  ck_assert_uint_eq(line.work_us(0), 0);
}
END_TEST

START_TEST(a_costly_statement_counts_more) {
  Queries q;
  WaitingLine line(true);
  for (int i = 0; i < 40; ++i) line.push(q.add(1, 1), 9000);
  for (int i = 0; i < 40; ++i) line.push(q.add(2, 2), 1000);
  std::map<uint64_t, int> served;
  for (int i = 0; i < 20; ++i) ++served[take(line)];
  ck_assert_int_le(served[1], 3);
}
END_TEST

START_TEST(the_apis_of_a_caller_share_his_part) {
  Queries q;
  WaitingLine line(true);
  for (int i = 0; i < 200; ++i) line.push(q.add(1, 10 + static_cast<uint64_t>(i) % 10), 1000);
  for (int i = 0; i < 100; ++i) line.push(q.add(2, 1), 1000);
  std::map<uint64_t, int> served;
  for (int i = 0; i < 100; ++i) ++served[take(line)];
  ck_assert_msg(served[2] >= 40, "he with one API had %d of 100", served[2]);
}
END_TEST

START_TEST(one_who_comes_seldom_is_next) {
  Queries q;
  WaitingLine line(true);
  for (uint64_t caller = 1; caller <= 30; ++caller) {
    for (int i = 0; i < 20; ++i) line.push(q.add(caller, 1), 1000);
  }
  for (int i = 0; i < 100; ++i) take(line);
  line.push(q.add(99, 1), 1000);
  ck_assert_uint_eq(take(line), 99);
}
END_TEST

START_TEST(who_is_furthest_ahead_leaves) {
  Queries q;
  WaitingLine line(true);
  for (int i = 0; i < 10; ++i) line.push(q.add(1, 1), 1000);
  TestQuery& modest = q.add(2, 1);
  Query* out = line.last(modest, 1000, false);
  ck_assert_ptr_eq(out, q.all[9].get());
  ck_assert_ptr_eq(line.last(modest, 1000, true), q.all[0].get());
  TestQuery& greedy = q.add(1, 1);
  ck_assert_msg(line.last(greedy, 1000, false) == nullptr, "he has the most already");
  ck_assert_ptr_eq(line.last(greedy, 1000, true), q.all[0].get());
  line.remove(*out);
  ck_assert_uint_eq(line.size(), 9);
  ck_assert_uint_eq(line.work_us(0), 9000);
  while (line.pop() != nullptr) continue;
}
END_TEST

START_TEST(newest_first_and_those_sent_before_first_of_all) {
  Queries q;
  WaitingLine line(false);
  for (uint64_t caller = 1; caller <= 3; ++caller) line.push(q.add(caller, caller), 0);
  line.push_again(q.add(4, 1));
  ck_assert_uint_eq(line.work_us(500), 2000);
  ck_assert_uint_eq(take(line, true), 4);
  ck_assert_uint_eq(take(line, true), 3);
  ck_assert_uint_eq(take(line, false), 1);
  ck_assert_uint_eq(take(line, true), 2);
  ck_assert_ptr_null(line.next(true));
}
END_TEST

START_TEST(estimates_move) {
  Pace pace;
  const StatementKey one{1, {}, 0};
  const StatementKey other{2, {}, 0};
  ck_assert_uint_eq(pace.of(one), 0);
  for (int i = 0; i < 100; ++i) pace.add(one, 200000);
  for (int i = 0; i < 100; ++i) pace.add(other, 1000);
  ck_assert_uint_eq(pace.of(one), 200000);
  ck_assert_uint_eq(pace.of(other), 1000);
  ck_assert_uint_eq(pace.of({1, {}, 7}), 200000);  // its table has moved
  ck_assert_uint_lt(pace.mean_us(), 10000);
  pace.add_at_least(one, 100000);
  ck_assert_uint_eq(pace.of(one), 200000);
  pace.add_at_least(one, 1000000);
  ck_assert_uint_eq(pace.of(one), 300000);
  for (int i = 0; i < 50; ++i) pace.add(one, 0);
  ck_assert_uint_lt(pace.of(one), 1000);
  ck_assert_uint_gt(pace.of(one), 0);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_waiting_line", callers_take_turns, a_costly_statement_counts_more,
                the_apis_of_a_caller_share_his_part, one_who_comes_seldom_is_next,
                who_is_furthest_ahead_leaves, newest_first_and_those_sent_before_first_of_all,
                estimates_move);
