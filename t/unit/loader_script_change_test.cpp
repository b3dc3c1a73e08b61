// What a read script says of its tables: which change of a table it does not survive,
// and why its pages have no cursors.
#include <map>
#include <string>
#include <vector>

#include "catalog/apply/apply_script.hpp"
#include "compile/generated_script.hpp"
#include "compile/script_page.hpp"
#include "loader_script_testing.hpp"
#include "loader_testing.hpp"  // last: see there

using namespace tablegate;
using namespace tablegate::loader;

namespace {

TableInfo table(const std::string& name, const std::vector<std::string>& columns) {
  TableInfo out;
  out.name = name;
  for (const std::string& column : columns) {
    out.columns.emplace_back();
    out.columns.back().name = column;
    out.columns.back().type = core::ColumnType::text;
    out.columns.back().sql_type = "text";
  }
  out.primary_key = {"id"};
  return out;
}

Script script_of(const std::string& text) {
  std::vector<ScriptFault> faults;
  const std::vector<RequestParameter> none;
  Script script = read_script({text, none, true}, faults);
  ck_assert_msg(faults.empty(), "%s", faults.empty() ? "" : faults[0].text.c_str());
  return script;
}

// "gone a; retyped ..."
std::string changes(const std::string& text, const TableInfo& before, const std::vector<TableInfo>& now) {
  std::map<std::string, TableInfo> tables;
  for (const TableInfo& one : now) tables[one.name] = one;
  const ColumnChanges found = column_changes(script_of(text), before.name, before.columns, tables);
  std::string out;
  for (const std::string& one : found.gone) out += "gone " + one + ";";
  for (const std::string& one : found.retyped) out += "retyped " + one + ";";
  return out;
}

std::string reason(const std::string& text, const std::vector<TableInfo>& tables) {
  const Script script = script_of(text);
  ApiSource source = script_source(tables);
  for (const std::string& name : script.outputs) {
    source.columns.emplace_back();
    source.columns.back().name = name;
    source.columns.back().type = core::ColumnType::text;
  }
  return no_cursor_reason(script, source);
}

}  // namespace

START_TEST(columns_that_a_script_reads) {
  const TableInfo before = table("t", {"id", "a", "b"});
  const std::string text = "SELECT id, a FROM t ORDER BY id";
  ck_text_eq(changes(text, before, {before}), "");
  ck_text_eq(changes(text, before, {table("t", {"id", "a"})}), "");
  ck_text_eq(changes(text, before, {table("t", {"id", "b", "c"})}), "gone a;");
  TableInfo other = before;
  other.columns[1].type = core::ColumnType::int8;
  other.columns[1].sql_type = "bigint";
  other.columns[2].type = core::ColumnType::int8;
  ck_text_eq(changes(text, before, {other}), "retyped column \"a\", which was text and is bigint;");
  // Another table of the script has it.
  ck_text_eq(changes("SELECT t.id, a FROM t JOIN u ON t.id = u.id ORDER BY a", before,
                     {table("t", {"id"}), table("u", {"id", "a"})}),
             "");
  ck_text_eq(changes("SELECT t.id, a FROM t JOIN u ON t.id = u.id ORDER BY a", before,
                     {table("t", {"id"}), table("u", {"id"})}),
             "gone a;");
}
END_TEST

START_TEST(why_pages_have_no_cursors) {
  const TableInfo t = table("t", {"id", "a"}), u = table("u", {"id"});
  const auto begins = [](const std::string& text, const std::string& beginning) {
    ck_assert_msg(text.compare(0, beginning.size(), beginning) == 0, "%s", text.c_str());
  };
  ck_text_eq(reason("SELECT id, a FROM t ORDER BY a, id", {t}), "");
  begins(reason("SELECT t.id FROM t JOIN u ON t.id = u.id ORDER BY t.id", {t, u}),
         "the script does not read");
  begins(reason("SELECT id, a FROM t ORDER BY a", {t}), "ORDER BY does not have column \"id\"");
  begins(reason("SELECT id FROM t ORDER BY a, id", {t}), "each column of ORDER BY must be an output column");
  begins(reason("SELECT id FROM t ORDER BY id NULLS FIRST", {t}), "each column of ORDER BY must");
  TableInfo keyless = t;
  keyless.primary_key.clear();
  begins(reason("SELECT id FROM t ORDER BY id", {keyless}), "table \"t\" has no primary key");
  TableInfo number = t;
  number.columns[0].type = core::ColumnType::int8;
  begins(reason("SELECT id FROM t ORDER BY id", {number}), "an output column of ORDER BY has another type");
}
END_TEST

START_TEST(cursors_that_a_generated_script_loses) {
  const TableInfo t = table("t", {"id", "a", "b"});
  ApiDefinition wizard;
  wizard.pagination = Pagination();
  wizard.order_by = {{"a", true}};
  wizard.response_parameters.resize(1);
  wizard.response_parameters[0].name = wizard.response_parameters[0].column = "id";
  ck_assert(lost_cursors(wizard, t).find("does not return: a;") != std::string::npos);
  wizard.response_parameters[0].name = wizard.response_parameters[0].column = "b";
  ck_assert(lost_cursors(wizard, t).find("does not return: a, id;") != std::string::npos);
  wizard.response_parameters.resize(3);
  wizard.response_parameters[1].name = wizard.response_parameters[1].column = "a";
  wizard.response_parameters[2].name = wizard.response_parameters[2].column = "id";
  ck_text_eq(lost_cursors(wizard, t), "");
  wizard.response_parameters.resize(1);
  wizard.pagination.reset();
  ck_text_eq(lost_cursors(wizard, t), "");
}
END_TEST

TABLEGATE_SUITE("loader_script_change", columns_that_a_script_reads, why_pages_have_no_cursors,
                cursors_that_a_generated_script_loses);
