// The order of an API's rows: the columns of its order_by, and for pages the
// primary key after them, so that no two rows are equal, but no masked column.
#pragma once

#include <string>
#include <vector>

#include "core/manifest/types.hpp"
#include "model/api_definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

struct SortKey {
  std::string column;
  core::ColumnType type = core::ColumnType::text;
  bool descending = false;
  bool nullable = true;
};

// The table's name in a statement that sorts: a column's name alone could be that of an output column.
inline constexpr const char* kSortedTable = "t";

// Of columns that the table has.
std::vector<SortKey> sort_of(const std::vector<SortColumn>& order, const TableInfo& table);
// The API's order_by with the primary key, in the direction of the last column, so that one index serves all
// of it. Without masked columns of the key: the place of a row would show their order.
std::vector<SortKey> total_sort(const ApiDefinition& api, const TableInfo& table);

// Whether pages can be continued by cursor: the sort ends in the whole primary key, so none of its columns is
// masked.
bool has_cursors(const ApiDefinition& api, const TableInfo& table);

// Why pages by cursor would leave out rows, where they were compiled for the table as it was `then` and it is
// another one `now`: rows that the sort does not distinguish, or NULL where there was none. Empty: they would
// not.
std::string cursor_fault(const ApiDefinition& api, const TableInfo& then, const TableInfo& now);

// ` ORDER BY t."a" DESC, t."b"`; nothing without keys.
std::string order_text(const std::vector<SortKey>& keys);

}  // namespace tablegate::loader
