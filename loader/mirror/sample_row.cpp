#include "mirror/sample_row.hpp"

#include <fmt/format.h>

#include "core/plan/statement.hpp"
#include "mirror/serving_relation.hpp"

namespace tablegate::loader {

std::vector<std::string> sample_values(Database& mirror, const std::string& table,
                                       const std::vector<TableColumn>& columns) {
  std::string list, present;
  for (const TableColumn& column : columns) {
    const std::string quoted = core::quote_identifier(column.name);
    const bool time =
        column.type == core::ColumnType::timestamp || column.type == core::ColumnType::timestamptz;
    list += (list.empty() ? "" : ", ") +
            (time ? fmt::format("to_json({}) #>> '{{}}'", quoted) : quoted + "::text");
    present += fmt::format("{}{} IS NOT NULL", present.empty() ? "" : " AND ", quoted);
  }
  const Rows rows =
      mirror.query(fmt::format("SELECT {} FROM {} WHERE {} LIMIT 1", list,
                               core::mirror_relation(serving_relation(mirror, table)), present));
  std::vector<std::string> values;
  for (size_t i = 0; !rows.empty() && i < columns.size(); ++i)
    values.push_back(rows.string(0, static_cast<int>(i)));
  return values;
}

}  // namespace tablegate::loader
