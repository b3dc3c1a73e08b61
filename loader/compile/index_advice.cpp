#include "compile/index_advice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "model/mask_rules.hpp"

namespace tablegate::loader {
namespace {

bool has_column(const IndexColumns& columns, const std::string& column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

void add_column(IndexColumns& columns, const std::string& column) {
  if (!has_column(columns, column)) columns.push_back(column);
}

bool is_range(Comparison comparison) {
  return comparison == Comparison::less || comparison == Comparison::less_or_equal ||
         comparison == Comparison::greater || comparison == Comparison::greater_or_equal;
}

// PostgreSQL has no order for json.
bool can_be_indexed(const TableInfo& table, const std::string& column) {
  const TableColumn* const found = table.find(column);
  return found != nullptr && found->type != core::ColumnType::json;
}

// An index has one direction for all columns and can be read backwards: it serves the sort up to the first
// column that has the other one. A page continues its sort with the primary key.
IndexColumns sort_columns(const ApiDefinition& api, const TableInfo& table) {
  IndexColumns columns;
  for (const SortColumn& sort : api.order_by) {
    if (sort.descending != api.order_by.front().descending || !can_be_indexed(table, sort.column))
      return columns;
    add_column(columns, sort.column);
  }
  if (!api.paginates()) return columns;
  for (const std::string& column : table.primary_key) {
    if (!is_masked(api, column)) add_column(columns, column);
  }
  return columns;
}

}  // namespace

IndexColumns WantedIndex::columns() const {
  IndexColumns all;
  for (const IndexColumns* const part : {&equal, &range, &sort}) {
    for (const std::string& column : *part) add_column(all, column);
  }
  return all;
}

bool WantedIndex::served_by(const IndexColumns& index) const {
  if (index.empty() || columns().empty()) return false;
  if (equal.empty() && !range.empty()) return has_column(range, index.front());
  // The rows of equal values stand in the order of the columns that follow.
  const auto rest = std::find_if(index.begin(), index.end(),
                                 [this](const std::string& column) { return !has_column(equal, column); });
  if (!equal.empty() && rest == index.begin()) return false;
  if (!range.empty()) return true;
  IndexColumns order;
  for (const std::string& column : sort) {
    if (!has_column(equal, column)) order.push_back(column);
  }
  return static_cast<size_t>(index.end() - rest) >= order.size() &&
         std::equal(order.begin(), order.end(), rest);
}

WantedIndex wanted_index(const ApiDefinition& api, const TableInfo& table, const IsPresent& present) {
  WantedIndex wanted;
  if (api.is_script()) return wanted;
  for (const RequestParameter& parameter : api.request_parameters) {
    if (!present(parameter) || !can_be_indexed(table, parameter.column)) continue;
    if (parameter.comparison == Comparison::equal || parameter.comparison == Comparison::in)
      add_column(wanted.equal, parameter.column);
    if (is_range(parameter.comparison)) add_column(wanted.range, parameter.column);
    if (parameter.comparison == Comparison::like) add_column(wanted.like, parameter.column);
  }
  // The order alone does not help to find what a pattern matches.
  // A whole key finds one row.
  const bool one_row =
      !table.primary_key.empty() &&
      std::all_of(table.primary_key.begin(), table.primary_key.end(),
                  [&](const std::string& column) { return has_column(wanted.equal, column); });
  const bool searched = !wanted.like.empty() && wanted.equal.empty() && wanted.range.empty();
  if (!searched && !one_row) wanted.sort = sort_columns(api, table);
  return wanted;
}

std::string index_text(const IndexColumns& columns) {
  return fmt::format("({})", fmt::join(columns, ", "));
}

}  // namespace tablegate::loader
