#include "compile/generated_script.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compile/sort.hpp"
#include "core/plan/statement.hpp"
#include "core/text/ascii.hpp"
#include "script/script.hpp"
#include "script/sql_check.hpp"

namespace tablegate::loader {
namespace {

// Without quotes where PostgreSQL reads it as the same name.
std::string script_name(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(),
                                 [](char c) { return core::is_lower(c) || core::is_digit(c) || c == '_'; });
  if (plain && !name.empty() && !core::is_digit(name.front())) {
    std::vector<SqlFault> faults;
    const SqlFacts facts = check_sql(fmt::format("SELECT t.a FROM {0} AS t WHERE {0} = 1", name), {}, faults);
    if (faults.empty() && facts.columns.count(name) != 0) return name;
  }
  return core::quote_identifier(name);
}

std::string script_condition(const RequestParameter& parameter) {
  const std::string column = script_name(parameter.column);
  if (parameter.comparison == Comparison::in) return fmt::format("{} IN (${{{}}})", column, parameter.name);
  // No list has NULL in it, not even an empty one.
  if (parameter.comparison == Comparison::not_in)
    return fmt::format("{0} IS NOT NULL AND {0} NOT IN (${{{1}}})", column, parameter.name);
  const std::string_view sign =
      parameter.comparison == Comparison::not_equal ? "<>" : comparison_text(parameter.comparison);
  return fmt::format("{} {} ${{{}}}", column, sign, parameter.name);
}

std::string script_conditions(const ApiDefinition& wizard) {
  std::string text;
  for (const RequestParameter& parameter : wizard.request_parameters) {
    const std::string condition = "AND " + script_condition(parameter);
    if (parameter.required || parameter.default_value)
      text += "  " + condition + "\n";
    else
      text += fmt::format("  <if test=\"{} != null\">{}</if>\n", parameter.name, condition);
  }
  return text.empty() ? text : "<where>\n" + text + "</where>\n";
}

}  // namespace

std::string generated_script(const ApiDefinition& wizard, const TableInfo& table) {
  std::string text = "SELECT\n";
  for (const ResponseParameter& column : wizard.response_parameters) {
    const std::string source = script_name(column.column), name = script_name(column.name);
    text += fmt::format("  {}{}{}\n", source, source == name ? "" : " AS " + name,
                        &column == &wizard.response_parameters.back() ? "" : ",");
  }
  text += fmt::format("FROM {}\n", script_name(table.name)) + script_conditions(wizard);
  std::string order;
  for (const SortKey& key : wizard.paginates() ? total_sort(wizard, table) : sort_of(wizard.order_by, table))
    order += fmt::format("{}{}.{}{}", order.empty() ? "ORDER BY " : ", ", script_name(table.name),
                         script_name(key.column), key.descending ? " DESC" : "");
  return order.empty() ? text : text + order + "\n";
}

std::vector<std::string> script_faults(const ApiDefinition& api) {
  std::vector<ScriptFault> faults;
  read_script({api.script_text(), api.request_parameters, api.paginates()}, faults);
  std::vector<std::string> texts;
  texts.reserve(faults.size());
  for (const ScriptFault& fault : faults) texts.push_back(fault_text(fault, ""));
  return texts;
}

}  // namespace tablegate::loader
