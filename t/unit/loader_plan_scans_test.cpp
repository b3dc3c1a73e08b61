// Which nodes of a plan read a whole relation.
#include "compile/plan_scans.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compile/index_advice.hpp"
#include "compile/plan_report.hpp"
#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
using tablegate::loader::testing::same_text;

namespace {

// JSON with ' for ".
std::string json(std::string text) {
  std::replace(text.begin(), text.end(), '\'', '"');
  return text;
}

std::string node(const std::string& type, const std::string& more, const std::string& child = "") {
  return fmt::format("{{'Node Type':'{}','Total Cost':100{}{}}}", type, more.empty() ? "" : "," + more,
                     child.empty() ? "" : ",'Plans':[" + child + "]");
}

const FirstColumns kFirst = {{"t_a_b_idx", "a"}, {"t_text_idx", "text"}, {"t_odd_idx", "odd \"name"}};

// "t bounded filtered; ..." of a plan.
std::string scans(const std::string& plan) {
  JsonDocument document;
  ck_assert(parse_json(json(fmt::format("[{{'Plan':{}}}]", plan)), document).empty());
  std::string text;
  for (const PlanScan& scan : plan_scans(document, kFirst)) {
    text += fmt::format("{}{}{}{}{}", text.empty() ? "" : "; ", scan.relation, scan.index ? " index" : "",
                        scan.bounded ? " bounded" : "", scan.filtered ? " filtered" : "");
  }
  return text;
}

const std::string kTable = "'Relation Name':'t'";
const std::string kFiltered = kTable + ",'Filter':'(a = 1)'";

START_TEST(sequential_scans) {
  same_text(scans(node("Seq Scan", kTable)), "t");
  same_text(scans(node("Limit", "", node("Seq Scan", kTable))), "t bounded");
  same_text(scans(node("Limit", "", node("Gather", "", node("Seq Scan", kFiltered)))), "t bounded filtered");
  for (const char* const between : {"Sort", "Aggregate", "Hash Join", "WindowAgg", "Unique", "Materialize"})
    same_text(scans(node("Limit", "", node(between, "", node("Seq Scan", kTable)))), "t");
  same_text(scans(node("Limit", "", node("Result", "'One-Time Filter':'$0'", node("Seq Scan", kTable)))),
            "t");
  // A LIMIT below a sort.
  same_text(scans(node("Sort", "", node("Limit", "", node("Seq Scan", kTable)))), "t bounded");
  const std::string initial = kTable + ",'Parent Relationship':'InitPlan'";
  same_text(scans(node("Gather", "", node("Seq Scan", initial))), "t");
  same_text(scans(node("Limit", "",
                       node("Append", "", node("Seq Scan", kTable) + "," + node("Seq Scan", initial)))),
            "t bounded; t");
}
END_TEST

START_TEST(index_scans) {
  same_text(scans(node("Index Scan", kTable + ",'Index Cond':'(a = 1)','Filter':'(b = 1)'")), "");
  same_text(scans(node("Bitmap Heap Scan", kTable, node("Bitmap Index Scan", "'Index Cond':'(a = 1)'"))), "");
  same_text(scans(node("Limit", "", node("Index Scan", kFiltered))), "t index bounded filtered");
  same_text(scans(node("Aggregate", "", node("Index Only Scan", kTable))), "t index");
}
END_TEST

// The rows that the first scan finds.
double found(const std::string& plan) {
  JsonDocument document;
  ck_assert(parse_json(json(fmt::format("[{{'Plan':{}}}]", plan)), document).empty());
  return plan_scans(document, {}).at(0).found;
}

START_TEST(rows_that_a_scan_finds) {
  ck_assert_double_eq(found(node("Seq Scan", kFiltered + ",'Plan Rows':700")), 700);
  const auto gathered = [](int workers) {
    return node("Gather", fmt::format("'Workers Planned':{}", workers),
                node("Seq Scan", kFiltered + ",'Plan Rows':1000,'Parallel Aware':true"));
  };
  ck_assert_double_eq(found(gathered(1)), 1700);
  ck_assert_double_eq(found(gathered(2)), 2400);
  ck_assert_double_eq(found(gathered(5)), 5000);
}
END_TEST

// scan_text() without what all have.
std::string advice(const TableScan& scan) {
  const std::string text = scan_text(scan);
  const std::string begin = "every call reads all 20000 rows of table \"t\"; ";
  ck_assert(text.rfind(begin, 0) == 0);
  return text.substr(begin.size());
}

START_TEST(advice_that_can_be_followed) {
  TableScan scan;
  scan.call = "every call";
  scan.table = "t";
  scan.rows = 20000;
  scan.index = {"a", "id"};
  same_text(advice(scan), "an index on (a, id) would help");
  ck_assert(scan.index_helps());
  scan.matching = 9000;
  same_text(advice(scan),
            "an index would not be used, because too many rows match (about 9000): a sample that matches few "
            "may help");
  ck_assert(!scan.index_helps());
  scan.exists = true;
  same_text(advice(scan),
            "its index is not used, because too many rows match (about 9000): a sample that matches few may "
            "help");
  scan.matching = 0;
  same_text(advice(scan),
            "its index is not used, because too many rows match: a sample that matches few may help");
  scan.sorted_only = true;
  same_text(advice(scan), "its index is not used");
  scan.mixed_order = true;
  same_text(
      advice(scan),
      "its index is not used: the directions of order_by differ, and an index gives the order of (a, id) "
      "only");
  scan.exists = false;
  same_text(advice(scan),
            "an index on (a, id) may help: it gives the order of no more columns, because the directions of "
            "order_by differ");
  ck_assert(scan.index_helps());
}
END_TEST

START_TEST(conditions_on_later_columns) {
  const auto index = [](const std::string& type, const std::string& name, const std::string& condition) {
    return scans(node(type, kTable + ",'Index Name':'" + name + "','Index Cond':'" + condition + "'"));
  };
  const auto found = [&](const std::string& condition) {
    return index("Index Scan", "t_a_b_idx", condition);
  };
  for (const char* const good :
       {"(a = 1)", "((b = 1) AND (t.a > $1))", "(ROW(t.a, t.b) > ROW($1, $2))", "(a IS NULL)"})
    same_text(found(good), "");
  for (const char* const bad : {"(b = 1)", "(t.b = $1)", "(a.b = 1)", "(b = 1::a)", "(a1 = 1)"})
    same_text(found(bad), "t index filtered");
  same_text(index("Index Only Scan", "t_a_b_idx", "(b = 1)"), "t index filtered");
  same_text(index("Index Scan", "t_other", "(b = 1)"), "");
  same_text(scans(node("Limit", "",
                       node("Index Scan", kTable + ",'Index Name':'t_a_b_idx','Index Cond':'(b > 1)'"))),
            "t index bounded filtered");
  const std::string bitmap = "'Index Name':'t_a_b_idx','Index Cond':'(b = 1)'";
  same_text(scans(node("Bitmap Heap Scan", kTable, node("BitmapOr", "", node("Bitmap Index Scan", bitmap)))),
            "t index filtered");
}
END_TEST

// Values, types and names in quotes.
START_TEST(columns_in_conditions) {
  const auto found = [](const std::string& name, const std::string& condition) {
    JsonDocument document;
    std::string text = "[{\"Plan\":{\"Node Type\":\"Index Scan\",\"Relation Name\":\"t\",\"Index Name\":\"" +
                       name + "\",\"Index Cond\":\"" + condition + "\"}}]";
    ck_assert(parse_json(text, document).empty());
    return plan_scans(document, kFirst).empty();
  };
  ck_assert(found("t_text_idx", "(text = 'x'::text)") && !found("t_text_idx", "(b = 'x'::text)"));
  ck_assert(!found("t_a_b_idx", "(b = 'a'::text)") && !found("t_a_b_idx", "(b = 'it''s a '::text)"));
  ck_assert(!found("t_a_b_idx", "(b = ANY ('{a,\\\"a\\\"}'::text[]))"));
  ck_assert(found("t_odd_idx", "(t.\\\"odd \\\"\\\"name\\\" = $1)") &&
            !found("t_odd_idx", "(\\\"odd\\\" = $1)"));
}
END_TEST

START_TEST(plans_as_text) {
  JsonDocument document;
  const std::string cost = "'Startup Cost':0.29,'Total Cost':8.3,'Plan Rows':1,'Plan Width':4";
  parse_json(
      json(fmt::format("[{{'Plan':{{'Node Type':'Limit',{0},'Plans':[{{'Node Type':'Index Scan','Parallel "
                       "Aware':false,'Scan Direction':'Backward','Index Name':'t_pkey','Relation "
                       "Name':'t','Alias':'t_1',{0},'Index Cond':'(a = 1)','Sort Key':['a','b']}}]}}}}]",
                       cost)),
      document);
  same_text(plan_text(document),
            "Limit  (cost=0.29..8.30 rows=1 width=4)\n"
            "  ->  Index Scan Backward using t_pkey on t t_1  (cost=0.29..8.30 rows=1 width=4)\n"
            "        Sort Key: a, b\n"
            "        Index Cond: (a = 1)\n");
  same_text(plan_text(JsonDocument(rapidjson::kArrayType)), "");
}
END_TEST

RequestParameter parameter(const char* column, Comparison comparison, bool required = true) {
  RequestParameter made;
  made.name = made.column = column;
  made.comparison = comparison;
  made.required = required;
  return made;
}

START_TEST(wanted_indexes) {
  TableInfo table;
  table.primary_key = {"id"};
  for (const char* const name : {"id", "a", "b", "c"}) table.columns.emplace_back().name = name;
  ApiDefinition api;
  const auto wanted = [&] {
    return index_text(wanted_index(api, table, [](const auto&) { return true; }).columns());
  };
  api.request_parameters = {parameter("b", Comparison::greater), parameter("a", Comparison::equal),
                            parameter("b", Comparison::less), parameter("c", Comparison::not_equal)};
  same_text(wanted(), "(a, b)");
  api.order_by = {{"c", true}};
  same_text(wanted(), "(a, b, c)");
  api.pagination.emplace();
  same_text(wanted(), "(a, b, c, id)");
  api.order_by.push_back({"b", false});  // no index serves both directions
  same_text(wanted(), "(a, b, c)");
  api.request_parameters = {parameter("a", Comparison::like)};
  same_text(wanted(), "()");
  api.order_by.clear();
  api.pagination.reset();
  same_text(wanted(), "()");
  api.order_by = {{"b", false}};
  api.request_parameters = {parameter("a", Comparison::in), parameter("id", Comparison::equal)};
  same_text(wanted(), "(a, id)");  // one row at most has no order
  api.order_by.clear();
  api.request_parameters = {parameter("a", Comparison::in), parameter("gone", Comparison::equal)};
  same_text(wanted(), "(a)");
}
END_TEST

START_TEST(indexes_that_serve) {
  const WantedIndex equal{{"a", "b"}, {"c"}, {}, {"d"}};
  ck_assert(equal.served_by({"b"}) && equal.served_by({"a", "x"}));
  ck_assert(!equal.served_by({"c"}) && !equal.served_by({"x", "a"}) && !equal.served_by({}));
  const WantedIndex sorted{{"a", "b"}, {}, {}, {"b", "d"}};
  ck_assert(sorted.served_by({"a", "d"}) && sorted.served_by({"b", "a", "d", "x"}));
  ck_assert(!sorted.served_by({"a"}) && !sorted.served_by({"d"}) && !sorted.served_by({"a", "x", "d"}));
  const WantedIndex range{{}, {"c"}, {}, {"d"}};
  ck_assert(range.served_by({"c"}) && !range.served_by({"d"}));
  ck_assert(!(WantedIndex{{}, {}, {"a"}, {}}).served_by({"a"}));
  const WantedIndex sort{{}, {}, {}, {"d", "id"}};
  ck_assert(sort.served_by({"d", "id", "x"}) && !sort.served_by({"d"}));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_plan_scans", sequential_scans, index_scans, rows_that_a_scan_finds,
                advice_that_can_be_followed, conditions_on_later_columns, columns_in_conditions,
                plans_as_text, wanted_indexes, indexes_that_serve);
