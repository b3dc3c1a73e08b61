// Values for the samples of parameters, from rows that are served.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "model/ddl.hpp"

namespace tablegate::loader {

struct SampleColumn {
  enum class Wanted : uint8_t {
    of_row,         // the value of one row, the same for all columns
    least,          // at most the value of that row
    greatest,       // at least the value of that row
    without_comma,  // the value of that row, which has no comma
  };
  TableColumn column;
  Wanted wanted = Wanted::of_row;
};

// The columns' values in one row in which none of them is NULL, or in some rows beside it, as a caller would
// send them; empty: there is no such row.
std::vector<std::string> sample_values(Database& mirror, const std::string& table,
                                       const std::vector<SampleColumn>& columns);

}  // namespace tablegate::loader
