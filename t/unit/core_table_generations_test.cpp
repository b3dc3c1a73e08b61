// core/table_generations and the tables of a manifest: what is read, which SQL follows, when that SQL is
// another one.
#include "core/plan/table_generations.hpp"

#include "core_testing.hpp"

using namespace tablegate::core;
using testing::api_line;
using testing::cell;

namespace {

using Row = std::vector<const char*>;  // null: SQL NULL

bool take(TableGenerations& generations, const Row& row) {
  const bool stamped = row.size() == kStampedGenerationColumns;
  if (!stamped) ck_assert_uint_eq(row.size(), kGenerationColumns);
  Cell cells[kStampedGenerationColumns];
  for (size_t i = 0; i < row.size(); ++i) cells[i] = row[i] == nullptr ? Cell{} : cell(row[i]);
  return generations.row(cells, stamped);
}

void read(TableGenerations& generations, const std::vector<Row>& rows) {
  generations.begin();
  for (const Row& row : rows) ck_assert(take(generations, row));
  generations.end();
}

std::string with_statement(const std::string& id, const std::string& nodes) {
  return api_line(id, "GET", "/" + id, "[]", {{R"(["SELECT 1"])", nodes}});
}

// API 1 reads "orders", 2 "users" (with a text that looks like its name before it), 3 both, 4 nothing.
std::string four_apis() {
  return with_statement("1", R"(["SELECT a FROM ",{"table":"orders"}])") +
         with_statement("2", R"(["SELECT '\"mirror\".\"users\"' FROM ",{"table":"users"}])") +
         with_statement("3", R"(["SELECT a FROM ",{"table":"users"}," u, ",{"table":"orders"}," o"])") +
         api_line("4", "GET", "/4");
}

START_TEST(what_is_read_is_told) {
  const auto manifest = testing::good_manifest(four_apis());
  ck_assert_uint_eq(manifest->tables.size(), 2);
  ck_text_eq(manifest->tables[0], "orders");
  ck_text_eq(manifest->tables[1], "users");
  TableGenerations generations(*manifest);
  ck_assert(!generations.all()[0].known);
  ck_assert(generations.modified(manifest->apis[0]) == INT64_MIN);
  read(generations, {{"users", "users", "7", "135233", nullptr, "1700000000"},
                     {"elsewhere", "elsewhere", "1", "1", "1", "1"},
                     {"orders", "orders", "2", "0", "-5", "1600000000"}});
  const TableGeneration& users = generations.all()[1];
  ck_assert(users.known && users.number == 7 && users.rows == 135233 && users.source_time == INT64_MIN);
  ck_assert(users.loaded_at == 1700000000 && users.modified() == 1700000000);
  ck_assert(generations.all()[0].modified() == -5);
  ck_assert(generations.modified(manifest->apis[0]) == -5);
  ck_assert_msg(generations.modified(manifest->apis[2]) == -5, "the oldest of its tables");
  ck_assert_msg(generations.modified(manifest->apis[3]) == INT64_MIN, "of no table nothing is known");
  read(generations, {{"users", "users", "8", "1", "1700000001", "1700000002"}});
  ck_assert_msg(generations.modified(manifest->apis[2]) == INT64_MIN, "one of its tables is gone");
  ck_assert(generations.modified(manifest->apis[1]) == 1700000001);
}
END_TEST

START_TEST(rows_that_are_none_are_left_out) {
  const auto manifest = testing::good_manifest(four_apis());
  for (const Row& bad : std::vector<Row>{{"users", nullptr, "7", "1", nullptr, "1"},
                                         {"users", "", "7", "1", nullptr, "1"},
                                         {"users", "users", nullptr, "1", nullptr, "1"},
                                         {"users", "users", "-7", "1", nullptr, "1"},
                                         {"users", "users", "7x", "1", nullptr, "1"},
                                         {"users", "users", "7", "1.5", nullptr, "1"},
                                         {"users", "users", "7", "1", "x", "1"},
                                         {"users", "users", "7", "1", nullptr, nullptr},
                                         {"users", "users", "7", "1", nullptr, "99999999999999999999"}}) {
    TableGenerations generations(*manifest);
    generations.begin();
    ck_assert(!take(generations, bad));
    generations.end();
    ck_assert(!generations.all()[1].known && generations.all()[1].relation.empty());
  }
  TableGenerations generations(*manifest);
  ck_assert_msg(take(generations, {nullptr, "x", "1", "1", nullptr, "1"}), "no name: none of ours");
}
END_TEST

START_TEST(sql_follows_the_relation) {
  const auto manifest = testing::good_manifest(four_apis());
  const std::vector<Api>& apis = manifest->apis;
  TableGenerations generations(*manifest);
  const auto sql = [&](size_t api) { return apis[api].program.statement({}, &generations).sql; };
  const std::string plain[] = {sql(0), sql(1), sql(2), sql(3)};
  for (size_t api = 0; api < 4; ++api) ck_text_eq(plain[api], apis[api].program.statement({}).sql);
  read(generations,
       {{"users", "users", "7", "1", nullptr, "1"}, {"orders", "orders", "2", "0", nullptr, "1"}});
  for (size_t api = 0; api < 4; ++api) {
    ck_text_eq(sql(api), plain[api]);
    ck_assert_msg(generations.epoch(apis[api]) == 0, "under their names: the SQL of always");
    ck_assert(!generations.reads_pointer(apis[api]));
  }

  read(generations,
       {{"users", "users__g8", "8", "1", nullptr, "1"}, {"orders", "orders", "2", "0", nullptr, "1"}});
  ck_text_eq(sql(1), R"(SELECT '"mirror"."users"' FROM "mirror"."users__g8")");
  ck_text_eq(sql(2), R"(SELECT a FROM "mirror"."users__g8" u, "mirror"."orders" o)");
  ck_text_eq(sql(0), plain[0]);
  ck_assert(generations.reads_pointer(apis[1]) && generations.reads_pointer(apis[2]));
  ck_assert(!generations.reads_pointer(apis[0]) && !generations.reads_pointer(apis[3]));
  ck_assert(generations.epoch(apis[0]) == 0);
  const uint64_t first = generations.epoch(apis[1]);
  ck_assert(first != 0 && generations.epoch(apis[2]) == first);

  read(generations,
       {{"users", "users__g8", "8", "1", nullptr, "1"}, {"orders", "orders__g3", "3", "0", nullptr, "1"}});
  ck_assert_msg(generations.epoch(apis[1]) == first, "it did not move");
  ck_assert_msg(generations.epoch(apis[2]) != first, "one of its tables moved");
  ck_text_eq(sql(2), R"(SELECT a FROM "mirror"."users__g8" u, "mirror"."orders__g3" o)");

  const uint64_t before = generations.epoch(apis[1]);
  read(generations, {{"users", "users", "9", "1", nullptr, "1"}, {"orders", "o\"x", "4", "0", nullptr, "1"}});
  ck_text_eq(sql(1), plain[1]);
  ck_assert_msg(generations.epoch(apis[1]) != before && generations.epoch(apis[1]) != 0,
                "back under its name: yet another text than any before");
  ck_text_eq(sql(0), R"(SELECT a FROM "mirror"."o""x")");

  read(generations, {});
  ck_assert_msg(generations.reads_pointer(apis[0]), "a table without a row is looked for where it was");
  ck_text_eq(sql(0), R"(SELECT a FROM "mirror"."o""x")");
}
END_TEST

START_TEST(tables_are_read_once_each_wherever_the_program_names_them) {
  const auto manifest = testing::good_manifest(with_statement(
      "1",
      R"(["SELECT a FROM ",{"table":"users"}," u",{"where":[{"table":"orders"}]}," ",{"table":"users"}])"));
  const Api& api = manifest->apis[0];
  ck_assert(api.tables == (std::vector<uint32_t>{1, 0}));
  TableGenerations generations(*manifest);
  ck_text_eq(std::string(generations.relation("users")), "users");
  read(generations, {{"users", "u2", "2", "0", nullptr, "1"}});
  ck_text_eq(std::string(generations.relation("users")), "u2");
  ck_text_eq(std::string(generations.relation("elsewhere")), "elsewhere");
  ck_text_eq(api.program.statement({}, &generations).sql,
             R"(SELECT a FROM "mirror"."u2" u WHERE "mirror"."orders" "mirror"."u2")");
}
END_TEST

START_TEST(a_stamp_and_what_it_stands_for) {
  const auto manifest = testing::good_manifest(four_apis());
  TableGenerations generations(*manifest);
  const Row users = {"users", "users", "7", "1", nullptr, "1700000000", "1700000000000001", "-9"};
  const Row orders = {"orders", "orders", "7", "1", nullptr, "1700000000", "1700000000000001", "-9"};
  read(generations, {users});
  ck_assert_uint_eq(generations.stamp(), static_cast<uint64_t>(-9));
  ck_assert_uint_ne(generations.identity(manifest->apis[1]), 0);
  ck_assert_msg(generations.identity(manifest->apis[2]) == 0, "of one of its tables nothing is known");
  ck_assert_msg(generations.identity(manifest->apis[3]) == 0, "it reads no table");
  const uint64_t before = generations.identity(manifest->apis[1]);
  read(generations, {orders, users});
  ck_assert_msg(generations.identity(manifest->apis[1]) == before, "the same generation");
  const uint64_t both = generations.identity(manifest->apis[2]);
  for (const Row& other :
       {Row{"users", "users", "8", "1", nullptr, "1700000000", "1700000000000001", "-8"},
        Row{"users", "users", "7", "1", nullptr, "1700000000", "1700000000000002", "-8"}}) {
    read(generations, {orders, other});
    ck_assert_uint_eq(generations.stamp(), static_cast<uint64_t>(-8));
    ck_assert_uint_ne(generations.identity(manifest->apis[1]), before);
    ck_assert_uint_ne(generations.identity(manifest->apis[2]), both);
  }
  read(generations, {orders, users});
  ck_assert_msg(generations.identity(manifest->apis[2]) == both, "after a rollback as before");
  read(generations, {{"users", "users", "7", "1", nullptr, "1700000000"}});
  ck_assert_msg(generations.stamp() == 0 && generations.identity(manifest->apis[1]) == 0, "an older mirror");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_table_generations", what_is_read_is_told, rows_that_are_none_are_left_out,
                sql_follows_the_relation, tables_are_read_once_each_wherever_the_program_names_them,
                a_stamp_and_what_it_stands_for);
