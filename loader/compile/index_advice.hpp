// The index that a call of a wizard's API would be found by: the columns that are
// compared with =, then those of a range, then those of the sort. The planner decides
// whether it uses it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/api_definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

using IndexColumns = std::vector<std::string>;
// Whether a request has the parameter.
using IsPresent = std::function<bool(const RequestParameter&)>;

// What a call asks of a table.
struct WantedIndex {
  IndexColumns equal;  // by = and IN
  IndexColumns range;  // by < <= > >=
  IndexColumns like;   // by LIKE, which no index on plain columns serves
  // Columns of the sort that one index serves, with the rest of the primary key where the API paginates.
  IndexColumns sort;

  // In the order of an index that serves all of it, each column once. Empty: no index would help.
  IndexColumns columns() const;
  // Whether an index on these columns finds the rows without reading the whole table, in the order of the
  // sort where there is no range.
  bool served_by(const IndexColumns& index) const;
};

// Of a script: none.
WantedIndex wanted_index(const ApiDefinition& api, const TableInfo& table, const IsPresent& present);

// "(country, population)"
std::string index_text(const IndexColumns& columns);

}  // namespace tablegate::loader
