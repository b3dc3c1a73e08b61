// Values for the samples of parameters, from a row that is served.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "model/ddl.hpp"

namespace tablegate::loader {

// The columns' values in one row in which none of them is NULL, as a caller would send them; empty: there is
// no such row.
std::vector<std::string> sample_values(Database& mirror, const std::string& table,
                                       const std::vector<TableColumn>& columns);

}  // namespace tablegate::loader
