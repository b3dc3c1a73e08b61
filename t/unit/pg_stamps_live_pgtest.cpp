// The stamp against a real PostgreSQL: while a table is replaced again and again, rows and stamp always
// belong together. The table's only row holds the stamp that it was swapped in with.
#include <atomic>
#include <thread>

#include "pg_live.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

constexpr const char* kRead = "select a from public.pg_test_stamped";
constexpr const char* kLockAndStamp =
    "select c.stamp from mirror.tablegate_change c where not exists (select from public.pg_test_stamped "
    "where "
    "false)";

void make_tables(Admin& admin) {
  admin.run(
      "create schema if not exists mirror; drop table if exists mirror.tablegate_change, pg_test_stamped;"
      "create table mirror.tablegate_change (stamp bigint not null); insert into mirror.tablegate_change "
      "values (-5);"
      "create table pg_test_stamped as select (-5)::bigint as a");
}

// As a load does: the new table is there before, the swap is one short transaction.
void swap(Admin& admin, int64_t stamp) {
  const std::string text = std::to_string(stamp);
  admin.run("create table pg_test_next as select (" + text + ")::bigint as a");
  admin.run(
      "begin; alter table pg_test_stamped rename to pg_test_old; alter table pg_test_next rename to "
      "pg_test_stamped; update mirror.tablegate_change set stamp = " +
      text + "; commit");
  admin.run("drop table pg_test_old");
}

class StampedQuery final : public TestQuery {
 public:
  explicit StampedQuery(uint64_t route) : TestQuery(route, kRead) { stamped = true; }
  std::string stamp_sql() const override { return kLockAndStamp; }
};

START_TEST(rows_and_stamp_belong_together) {
  Admin admin;
  make_tables(admin);
  std::atomic<bool> over{false};
  std::thread loader([&] {
    Admin other;
    for (int64_t i = 1; i <= 150; ++i) swap(other, i * 1000003);
    over = true;
  });
  for (const bool prepare : {true, false}) {
    Fixture f(4);
    f.config.prepare = prepare;
    f.config.batch = true;
    std::size_t known = 0;
    std::size_t seen = 0;
    while (!over || seen < 200) {
      std::vector<std::unique_ptr<StampedQuery>> queries;
      for (uint64_t i = 0; i < 12; ++i) {
        queries.push_back(std::make_unique<StampedQuery>(i % 3));
        queries.back()->point = i % 3 == 0;
        if (i % 3 == 1) queries.back()->delivery = Delivery::chunks;
        f.pool().submit(*queries.back());
      }
      for (const auto& query : queries) {
        wait_for(
            f.loop, [&] { return query->done(); }, "the rows");
        if (query->failed) continue;  // the plan was of the table that is dropped
        ++seen;
        if (query->stamp == 0) continue;
        ++known;
        ck_text_eq(query->value, std::to_string(static_cast<int64_t>(query->stamp)));
      }
      if (!prepare && seen >= 200) break;
    }
    ck_assert_msg(known * 2 > seen, "%zu of %zu answers with a stamp", known, seen);
  }
  loader.join();
  admin.run("drop table pg_test_stamped; drop table mirror.tablegate_change");
}
END_TEST

START_TEST(a_mirror_without_stamps) {
  Admin admin;
  make_tables(admin);
  Fixture f(1);
  StampedQuery first(1);
  f.run(first);
  ck_assert_msg(first.ok && static_cast<int64_t>(first.stamp) == -5, "%s", first.failure.message.c_str());
  admin.run("drop table mirror.tablegate_change");
  for (int i = 0; i < 2; ++i) {
    StampedQuery query(1);
    f.run(query);
    ck_assert_msg(query.ok && query.stamp == 0, "rows without a stamp");
  }
  make_tables(admin);
  StampedQuery again(1);
  f.run(again);
  ck_assert_msg(again.ok && static_cast<int64_t>(again.stamp) == -5, "it is prepared again");
  ck_assert_uint_eq(f.pool().statistics().connects, 1);
  ck_assert_uint_eq(f.pool().statistics().failures, 0);
  admin.run("drop table pg_test_stamped; drop table mirror.tablegate_change");
}
END_TEST

// The settings of the session are somebody else's.
START_TEST(repeatable_read_has_no_stamp) {
  Admin admin;
  make_tables(admin);
  Fixture f(1);
  f.dsn = dsn_of(test_dsn() + " options='-c default_transaction_isolation=repeatable\\\\ read'");
  f.config.prepare = false;
  StampedQuery query(1);
  f.run(query);
  ck_assert(query.ok && query.stamp == 0);
  admin.run("drop table pg_test_stamped; drop table mirror.tablegate_change");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_stamps_live_pg", rows_and_stamp_belong_together, a_mirror_without_stamps,
                repeatable_read_has_no_stamp);
