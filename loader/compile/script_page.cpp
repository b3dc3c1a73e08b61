#include "compile/script_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "compile/page_statement.hpp"
#include "core/plan/statement.hpp"

namespace tablegate::loader {
namespace {

// The tables that nodes read, by name.
class NodeTables {
 public:
  void add(const core::Nodes& nodes) {
    for (const core::Node& node : nodes) {
      std::visit([this](const auto& one) { add(one); }, node.is);
    }
  }

  std::vector<std::string> take() const { return {names_.begin(), names_.end()}; }

 private:
  template <class Plain>
  void add(const Plain& node) {
    (void)node;
  }
  void add(const core::TableNode& node) { names_.insert(node.name); }
  void add(const core::IfNode& node) { add(node.then); }
  void add(const core::ChooseNode& node) {
    for (const core::IfNode& when : node.whens) add(when.then);
    add(node.otherwise);
  }
  void add(const core::WhereNode& node) { add(node.content); }
  void add(const core::TrimNode& node) { add(node.content); }
  void add(const core::ForeachNode& node) { add(node.content); }

  std::set<std::string> names_;
};

bool is_sorted(const Script& script, const std::string& column) {
  return std::any_of(script.sort.begin(), script.sort.end(),
                     [&column](const ScriptSortKey& key) { return key.column == column; });
}

// The items of the SELECT over the script's rows.
core::Nodes selected_of(const CompiledApi& api, const std::string& time_zone, size_t& outputs) {
  std::string items;
  for (const CompiledColumn& column : api.columns) {
    const std::string name = fmt::format("{}.{}", kSortedTable, core::quote_identifier(column.name));
    items += (items.empty() ? "" : ", ") + name;
    if (column.wall) items += fmt::format(", {} AT TIME ZONE {}", name, core::quote_literal(time_zone));
    outputs += column.wall ? 2 : 1;
  }
  return {{core::TextNode{items}}};
}

}  // namespace

std::vector<SortKey> script_sort(const Script& script, const ApiSource& source) {
  if (source.tables.size() != 1 || script.sort.empty()) return {};
  const TableInfo& table = source.tables.front();
  const std::vector<std::string>& primary = table.primary_key;
  if (primary.empty() || !std::all_of(primary.begin(), primary.end(),
                                      [&](const std::string& one) { return is_sorted(script, one); }))
    return {};
  std::vector<SortKey> keys;
  std::set<std::string> columns, missing(primary.begin(), primary.end());
  for (const ScriptSortKey& key : script.sort) {
    const TableColumn* const output = source.find(key.output);
    const TableColumn* const column = table.find(key.column);
    if (output == nullptr || column == nullptr || output->type != column->type) return {};
    // What comes a second time, or after the whole primary key, orders nothing.
    if (missing.empty() || !columns.insert(key.column).second) continue;
    const bool in_key = missing.erase(key.column) != 0;
    keys.push_back({key.output, output->type, key.descending, !column->not_null && !in_key});
  }
  return keys;
}

std::string no_cursor_reason(const Script& script, const ApiSource& source) {
  if (!script_sort(script, source).empty()) return {};
  if (source.tables.size() != 1) return "the script does not read exactly one table";
  const TableInfo& table = source.tables.front();
  if (table.primary_key.empty()) return fmt::format("table \"{}\" has no primary key", table.name);
  if (script.sort.empty()) {
    return "each column of ORDER BY must be an output column that is a column of the table, in the same "
           "order "
           "for all calls, without NULLS FIRST or NULLS LAST, in a SELECT without joins, groups, DISTINCT "
           "and "
           "set operations";
  }
  for (const std::string& column : table.primary_key) {
    if (!is_sorted(script, column))
      return fmt::format("ORDER BY does not have column \"{}\" of the primary key", column);
  }
  return "an output column of ORDER BY has another type than the column of the table";
}

std::vector<SortKey> cursor_sort(const ApiDefinition& api, const ApiSource& source) {
  if (!api.is_script()) return has_cursors(api, source) ? total_sort(api, source) : std::vector<SortKey>();
  if (!api.paginates()) return {};
  std::vector<ScriptFault> faults;
  const Script script = read_script({api.script_text(), api.request_parameters, true}, faults);
  std::vector<SortKey> sort = faults.empty() ? script_sort(script, source) : std::vector<SortKey>();
  for (SortKey& key : sort) {
    const auto of = std::find_if(script.sort.begin(), script.sort.end(),
                                 [&key](const ScriptSortKey& one) { return one.output == key.column; });
    key.column = of->column;
  }
  return sort;
}

void compile_script_page(const ApiEntry& entry, const Script& script, CompiledApi& api) {
  const Pagination& pages = *entry.definition.pagination;
  const std::vector<SortKey> sort = script_sort(script, entry.source);
  NodeTables read;
  read.add(script.body);
  read.add(script.order);
  const std::vector<std::string> tables = read.take();
  PageStatement page(tables, sort, pages);
  page.query = script.body;
  page.order = script.order;
  page.selected = selected_of(api, entry.source.time_zone, page.outputs);
  page.has_cursors = !sort.empty();
  page.compile(static_cast<uint32_t>(api.parameters.size()), api.internal, api.statement);
  api.pages = CompiledPages{pages.default_size, pages.max_size, pages.total, page.has_cursors, {}};
  if (tables.size() > 1) api.pages->tables = tables;
}

}  // namespace tablegate::loader
