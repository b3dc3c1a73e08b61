#include "mirror/sample_row.hpp"

#include <fmt/format.h>

#include "core/plan/statement.hpp"
#include "mirror/serving_relation.hpp"

namespace tablegate::loader {
namespace {

constexpr int kRows = 100;  // among which least and greatest are searched

// The SELECT's expression for one column.
std::string sample_expression(const SampleColumn& one) {
  const std::string quoted = core::quote_identifier(one.column.name);
  const bool extreme =
      one.wanted == SampleColumn::Wanted::least || one.wanted == SampleColumn::Wanted::greatest;
  const std::string value = extreme
                                ? fmt::format("(SELECT {0} FROM \"some\" ORDER BY {0} {1} LIMIT 1)", quoted,
                                              one.wanted == SampleColumn::Wanted::least ? "ASC" : "DESC")
                                : quoted;
  const bool time =
      one.column.type == core::ColumnType::timestamp || one.column.type == core::ColumnType::timestamptz;
  return time ? fmt::format("to_json({}) #>> '{{}}'", value) : value + "::text";
}

}  // namespace

std::vector<std::string> sample_values(Database& mirror, const std::string& table,
                                       const std::vector<SampleColumn>& columns) {
  if (columns.empty()) return {};
  std::string list, present;
  for (const SampleColumn& one : columns) {
    const std::string quoted = core::quote_identifier(one.column.name);
    list += (list.empty() ? "" : ", ") + sample_expression(one);
    present += fmt::format("{}{} IS NOT NULL", present.empty() ? "" : " AND ", quoted);
    if (one.wanted == SampleColumn::Wanted::without_comma)
      present += fmt::format(" AND strpos({}::text, ',') = 0", quoted);
  }
  const Rows rows = mirror.query(fmt::format(
      "WITH \"some\" AS MATERIALIZED (SELECT * FROM {} WHERE {} LIMIT {}) SELECT {} FROM \"some\" LIMIT 1",
      core::mirror_relation(serving_relation(mirror, table)), present, kRows, list));
  std::vector<std::string> values;
  for (size_t i = 0; !rows.empty() && i < columns.size(); ++i)
    values.push_back(rows.string(0, static_cast<int>(i)));
  return values;
}

}  // namespace tablegate::loader
