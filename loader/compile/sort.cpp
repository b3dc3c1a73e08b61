#include "compile/sort.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compile/index_advice.hpp"
#include "core/plan/statement.hpp"
#include "model/mask_rules.hpp"

namespace tablegate::loader {
namespace {

void add(std::vector<SortKey>& keys, const TableInfo& table, const std::string& column, bool descending) {
  const TableColumn* const found = table.find(column);
  if (found == nullptr) return;
  const std::vector<std::string>& primary = table.primary_key;
  const bool in_key = std::find(primary.begin(), primary.end(), column) != primary.end();
  keys.push_back({column, found->type, descending, !found->not_null && !in_key});
}

}  // namespace

std::vector<SortKey> sort_of(const std::vector<SortColumn>& order, const TableInfo& table) {
  std::vector<SortKey> keys;
  for (const SortColumn& one : order) add(keys, table, one.column, one.descending);
  return keys;
}

std::vector<SortKey> total_sort(const ApiDefinition& api, const TableInfo& table) {
  std::vector<SortKey> keys = sort_of(api.order_by, table);
  const bool descending = !keys.empty() && keys.back().descending;
  for (const std::string& column : table.primary_key) {
    const bool there =
        std::any_of(keys.begin(), keys.end(), [&column](const SortKey& key) { return key.column == column; });
    if (!there && !is_masked(api, column)) add(keys, table, column, descending);
  }
  // What comes after the whole primary key orders nothing.
  size_t left = table.primary_key.size();
  for (size_t place = 0; left > 0 && place < keys.size(); ++place) {
    const bool in_key =
        std::count(table.primary_key.begin(), table.primary_key.end(), keys[place].column) != 0;
    if (in_key && --left == 0) keys.resize(place + 1);
  }
  return keys;
}

bool has_cursors(const ApiDefinition& api, const TableInfo& table) {
  if (!api.paginates() || table.primary_key.empty()) return false;
  return std::none_of(table.primary_key.begin(), table.primary_key.end(),
                      [&api](const std::string& column) { return is_masked(api, column); });
}

std::string cursor_fault(const ApiDefinition& api, const TableInfo& then, const TableInfo& now) {
  if (!has_cursors(api, then)) return {};
  const std::vector<SortKey> sort = total_sort(api, then);
  std::vector<std::string> columns;
  columns.reserve(sort.size());
  for (const SortKey& key : sort) columns.push_back(key.column);
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const std::vector<std::string>& key = now.primary_key;
  if (key.empty() ||
      !std::all_of(key.begin(), key.end(), [&](const std::string& one) { return has(columns, one); }))
    return fmt::format("{}, and the pages are sorted by {}",
                       key.empty() ? "it has no primary key" : "its primary key is " + index_text(key),
                       index_text(columns));
  for (const SortKey& one : sort) {
    const TableColumn* const column = now.find(one.column);
    if (!one.nullable && column != nullptr && !column->not_null && !has(key, one.column))
      return fmt::format("its column \"{}\", by which the pages are sorted, may be NULL", one.column);
  }
  return {};
}

std::string order_text(const std::vector<SortKey>& keys) {
  std::string text;
  for (const SortKey& key : keys) {
    text += fmt::format("{}{}.{}{}", text.empty() ? " ORDER BY " : ", ", kSortedTable,
                        core::quote_identifier(key.column), key.descending ? " DESC" : "");
  }
  return text;
}

}  // namespace tablegate::loader
