// compile/sort, compile/page_ranges, compile/page_statement: the order of rows, the
// ranges after a row, and the statements of pages.
#include "compile/page_statement.hpp"

#include "core/manifest/types.hpp"
#include "core/plan/program.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
using tablegate::core::ColumnType;
namespace core = tablegate::core;

namespace {

TableInfo table_with_key(std::vector<std::string> key) {
  TableInfo table;
  table.name = "things";
  table.primary_key = std::move(key);
  for (const char* const name : {"a", "b", "n", "m"}) {
    TableColumn column;
    column.name = name;
    column.type = ColumnType::int8;
    column.not_null = *name == 'm';
    table.columns.push_back(column);
  }
  return table;
}

std::string sort_text(const std::vector<SortColumn>& order, const TableInfo& table) {
  std::string text;
  for (const SortKey& key : total_sort(order, table))
    text += key.column + (key.descending ? "-" : "+") + (key.nullable ? "? " : " ");
  return text;
}

START_TEST(a_sort_ends_in_the_primary_key) {
  const TableInfo table = table_with_key({"a", "b"});
  ck_text_eq(sort_text({}, table), "a+ b+ ");
  ck_text_eq(sort_text({{"n", true}}, table), "n-? a- b- ");
  ck_text_eq(sort_text({{"n", true}, {"m", false}}, table), "n-? m+ a+ b+ ");
  ck_text_eq(sort_text({{"b", true}, {"n", false}}, table), "b- n+? a+ ");
  ck_text_eq(sort_text({{"b", true}, {"a", false}, {"n", false}}, table), "b- a+ ");
  ck_text_eq(sort_text({{"n", false}}, table_with_key({})), "n+? ");
}
END_TEST

// The SQL of each range for a row whose values are all given, or all NULL where they can be.
std::string ranges(const std::vector<SortColumn>& order, bool given) {
  const std::vector<SortKey> sort = total_sort(order, table_with_key({"a"}));
  std::string text;
  for (const PageRange& range : ranges_after(sort, 0, given)) {
    const std::vector<core::PlaceholderType> types(sort.size(), core::PlaceholderType(20));
    const auto program = core::Program::build({{core::WhereNode{range.condition}}}, types);
    ck_assert(static_cast<bool>(program));
    std::vector<const char*> values;
    for (const SortKey& key : sort) values.push_back(given || !key.nullable ? "1" : nullptr);
    core::BlockArena arena;
    core::BoundValues bound;
    bound.values = values.data();
    core::Walk walk;
    ck_assert(!program->walk(bound, arena, walk));
    text += program->statement(walk.path).sql + " =" + std::to_string(range.equal) + "\n";
  }
  return text;
}

START_TEST(ranges_follow_each_other) {
  ck_text_eq(ranges({}, true), "WHERE t.\"a\" > $1 =0\n");
  ck_text_eq(ranges({{"m", true}}, true), "WHERE (t.\"m\", t.\"a\") < ($1, $2) =0\n");
  ck_text_eq(ranges({{"n", true}}, true), "WHERE (t.\"n\", t.\"a\") < ($1, $2) =0\n");
  ck_text_eq(ranges({{"n", true}, {"b", true}}, true),
             "WHERE (t.\"n\", t.\"b\", t.\"a\") < ($1, $2, $3) =0\n");
  ck_text_eq(ranges({{"b", false}, {"n", true}}, true),
             "WHERE t.\"b\" = $1 AND (t.\"n\", t.\"a\") < ($2, $3) =1\n"
             "WHERE t.\"b\" > $1 =0\n"
             "WHERE t.\"b\" IS NULL =0\n");
  ck_text_eq(ranges({{"n", true}}, false),
             "WHERE t.\"n\" IS NULL AND t.\"a\" < $1 =1\n"
             "WHERE t.\"n\" IS NOT NULL =0\n");
  ck_text_eq(ranges({{"n", false}}, true),
             "WHERE t.\"n\" = $1 AND t.\"a\" > $2 =1\n"
             "WHERE t.\"n\" > $1 =0\n"
             "WHERE t.\"n\" IS NULL =0\n");
  ck_text_eq(ranges({{"n", false}}, false),
             "WHERE t.\"n\" IS NULL AND t.\"a\" > $1 =1\n"
             "WHERE false =0\n"
             "WHERE false =0\n");
  ck_text_eq(ranges({{"m", true}, {"b", false}}, true),
             "WHERE t.\"m\" = $1 AND t.\"b\" = $2 AND t.\"a\" > $3 =2\n"
             "WHERE t.\"m\" = $1 AND t.\"b\" > $2 =1\n"
             "WHERE t.\"m\" = $1 AND t.\"b\" IS NULL =1\n"
             "WHERE t.\"m\" < $1 =0\n");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_page_statement", a_sort_ends_in_the_primary_key, ranges_follow_each_other);
