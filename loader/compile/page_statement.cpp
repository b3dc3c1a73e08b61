#include "compile/page_statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/plan/statement.hpp"

namespace tablegate::loader {
namespace {

using core::Nodes;

core::Node sql_node(std::string sql) {
  return {core::TextNode{std::move(sql)}};
}

void append_page_nodes(Nodes& nodes, Nodes more) {
  std::move(more.begin(), more.end(), std::back_inserter(nodes));
}

// "p.c0, p.c1"; each with this letter.
std::string numbered(const std::string& letter, size_t count) {
  std::string names;
  for (size_t i = 0; i < count; ++i) names += fmt::format("{}{}{}", i == 0 ? "" : ", ", letter, i);
  return names;
}

// The nodes only where the value is present.
core::Node where_present(uint32_t value, Nodes then) {
  return {core::IfNode{{value}, std::move(then)}};
}

}  // namespace

void PageStatement::compile(uint32_t first_internal, std::vector<core::InternalValue>& internal,
                            Nodes& statement) {
  using Value = core::InternalValue::Kind;
  uint32_t next = first_internal + static_cast<uint32_t>(internal.size());
  const auto add = [&](Value kind, core::ColumnType type) {
    internal.push_back({kind, type, nullptr});
    return next++;
  };
  rows_ = add(Value::page_rows, core::ColumnType::int8);
  offset_ = add(Value::page_offset, core::ColumnType::int8);
  if (pages_.total) total_ = add(Value::page_total, core::ColumnType::boolean);
  keys_ = next;
  for (const SortKey& key : sort_) {
    if (has_cursors) add(Value::cursor_key, key.type);
  }

  std::string outputs_of_page = numbered("p.c", outputs);
  if (has_cursors) outputs_of_page += ", " + numbered("p.k", sort_.size());
  const bool one = tables_.size() == 1;
  statement.push_back(
      sql_node(fmt::format("SELECT {}, p.r, {}", outputs_of_page, one ? "g.generation" : "g.*")));
  if (pages_.total) statement.push_back(where_present(total_, {sql_node(", n.total")}));
  add_generations(statement);
  if (pages_.total) {
    Nodes counted{sql_node(" CROSS JOIN (SELECT count(*) AS total FROM ")};
    append_page_nodes(counted, source());
    if (!query.empty()) counted.push_back(sql_node(fmt::format(" AS {}", kSortedTable)));
    if (!conditions.empty()) counted.push_back({core::WhereNode{conditions}});
    counted.push_back(sql_node(") AS n"));
    statement.push_back(where_present(total_, std::move(counted)));
  }
  statement.push_back(sql_node(" LEFT JOIN ("));
  append_page_nodes(statement, sort_.empty() ? numbered_page() : page());
  statement.push_back(sql_node(fmt::format(") AS p({}) ON true{}", names(), outer_order())));
}

void PageStatement::add_generations(Nodes& statement) const {
  statement.push_back(sql_node(" FROM (SELECT "));
  if (tables_.empty()) statement.push_back(sql_node("CAST(NULL AS bigint) AS generation"));
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (i > 0) statement.push_back(sql_node(", "));
    statement.push_back({core::GenerationNode{tables_[i]}});
    statement.push_back(sql_node(tables_.size() == 1 ? " AS generation" : fmt::format(" AS g{}", i)));
  }
  statement.push_back(sql_node(") AS g"));
}

// What the rows are selected from.
Nodes PageStatement::source() const {
  if (query.empty()) return {{core::TableNode{tables_.front()}}};
  Nodes nodes{sql_node("(")};
  append_page_nodes(nodes, query);
  nodes.push_back(sql_node(")"));
  return nodes;
}

// `c0, c1, k0, r`: the columns, the sort's values or the row's number, true.
std::string PageStatement::names() const {
  return fmt::format("{}, {}, r", numbered("c", outputs), numbered("k", std::max<size_t>(sort_.size(), 1)));
}

std::string PageStatement::outer_order() const {
  if (sort_.empty()) return " ORDER BY p.k0";
  std::string order_of_keys;
  for (size_t i = 0; i < sort_.size(); ++i)
    order_of_keys +=
        fmt::format("{}p.k{}{}", i == 0 ? " ORDER BY " : ", ", i, sort_[i].descending ? " DESC" : "");
  return order_of_keys;
}

// The rows of the sort that meet the conditions.
Nodes PageStatement::rows(Nodes more_conditions, const std::string& end) const {
  Nodes nodes{sql_node("SELECT ")};
  append_page_nodes(nodes, selected);
  std::string keys;
  for (const SortKey& key : sort_)
    keys += fmt::format(", {}.{}", kSortedTable, core::quote_identifier(key.column));
  nodes.push_back(sql_node(keys + ", true FROM "));
  append_page_nodes(nodes, source());
  nodes.push_back(sql_node(fmt::format(" AS {}", kSortedTable)));
  Nodes where = conditions;
  append_page_nodes(where, std::move(more_conditions));
  if (!where.empty()) nodes.push_back({core::WhereNode{std::move(where)}});
  nodes.push_back(sql_node(order_text(sort_) + end));
  return nodes;
}

// A range has its order by an index without the columns that are equal in it. PostgreSQL knows that of `=
// $1`, but not of IS NULL: there they stay.
Nodes PageStatement::order_within(size_t equal) const {
  const auto one = [this](size_t place) {
    return fmt::format("q.k{}{}{}", place, sort_[place].descending ? " DESC" : "",
                       place + 1 < sort_.size() ? ", " : "");
  };
  Nodes nodes{sql_node(" ORDER BY ")};
  for (size_t place = 0; place < sort_.size(); ++place) {
    if (place >= equal) {
      nodes.push_back(sql_node(one(place)));
    } else if (sort_[place].nullable) {
      core::ChooseNode choose;
      choose.whens.push_back({{keys_ + static_cast<uint32_t>(place)}, {}});
      choose.otherwise = {sql_node(one(place))};
      nodes.push_back({std::move(choose)});
    }
  }
  return nodes;
}

// The first rows of a range, as many as `limit` says.
Nodes PageStatement::limited(PageRange range, Nodes limit) const {
  Nodes nodes{sql_node("SELECT * FROM (")};
  append_page_nodes(nodes, rows(std::move(range.condition), fmt::format(" LIMIT {}", pages_.max_size + 1)));
  nodes.push_back(sql_node(fmt::format(") AS q({})", names())));
  append_page_nodes(nodes, order_within(range.equal));
  nodes.push_back(sql_node(" LIMIT "));
  append_page_nodes(nodes, std::move(limit));
  return nodes;
}

Nodes PageStatement::page() const {
  Nodes by_number = rows({}, " LIMIT ");
  append_page_nodes(by_number, {{core::ValueNode{rows_}}, sql_node(" OFFSET "), {core::ValueNode{offset_}}});
  core::ChooseNode choose;
  // The last value of the sort is of the primary key: it is never NULL.
  if (has_cursors)
    choose.whens.push_back({{keys_ + static_cast<uint32_t>(sort_.size()) - 1}, after_cursor()});
  choose.whens.push_back({{offset_}, std::move(by_number)});
  choose.otherwise = limited({}, {{core::ValueNode{rows_}}});
  return {{std::move(choose)}};
}

// The rows in the script's own order, numbered after they are found.
Nodes PageStatement::numbered_page() const {
  Nodes nodes{sql_node("SELECT ")};
  append_page_nodes(nodes, selected);
  nodes.push_back(sql_node(", row_number() OVER (), true FROM ("));
  append_page_nodes(nodes, query);
  nodes.push_back(sql_node(" "));
  append_page_nodes(nodes, order);
  core::ChooseNode limit;
  limit.whens.push_back({{offset_},
                         {sql_node(" LIMIT "),
                          {core::ValueNode{rows_}},
                          sql_node(" OFFSET "),
                          {core::ValueNode{offset_}},
                          sql_node(fmt::format(") AS {}", kSortedTable))}});
  limit.otherwise = {sql_node(fmt::format(" LIMIT {}) AS {} LIMIT ", pages_.max_size + 1, kSortedTable)),
                     {core::ValueNode{rows_}}};
  nodes.push_back({std::move(limit)});
  return nodes;
}

// A row without NULLs in the descending columns has fewer ranges after it.
Nodes PageStatement::after_cursor() const {
  const Nodes any_row = in_ranges(ranges_after(sort_, keys_, false));
  Nodes chosen = in_ranges(ranges_after(sort_, keys_, true));
  for (size_t place = 0; place < sort_.size(); ++place) {
    if (!sort_[place].nullable || !sort_[place].descending) continue;
    core::ChooseNode choose;
    choose.whens.push_back({{keys_ + static_cast<uint32_t>(place)}, std::move(chosen)});
    choose.otherwise = any_row;
    chosen = {{std::move(choose)}};
  }
  return chosen;
}

// Range after range, each with as many rows as are still missing: a page costs its rows, not those of all
// ranges.
Nodes PageStatement::in_ranges(std::vector<PageRange> ranges) const {
  if (ranges.size() == 1) return limited(std::move(ranges[0]), {{core::ValueNode{rows_}}});
  Nodes nodes;
  std::string missing, all;
  for (size_t i = 0; i < ranges.size(); ++i) {
    nodes.push_back(sql_node(fmt::format("{} r{}({}) AS MATERIALIZED (", i == 0 ? "WITH" : ",", i, names())));
    Nodes limit{{core::ValueNode{rows_}}};
    if (!missing.empty()) limit.push_back(sql_node(missing));
    append_page_nodes(nodes, limited(std::move(ranges[i]), std::move(limit)));
    nodes.push_back(sql_node(")"));
    missing += fmt::format(" - (SELECT count(*) FROM r{})", i);
    all += fmt::format("{}SELECT * FROM r{}", i == 0 ? " " : " UNION ALL ", i);
  }
  nodes.push_back(sql_node(all));
  return nodes;
}

}  // namespace tablegate::loader
