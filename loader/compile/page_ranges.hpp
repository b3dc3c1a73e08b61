// The rows that come after a row in the order of a sort, as conditions of which
// each is one range of the sort's index. Where all columns go in one direction and
// no NULL comes after the row it is one row comparison; otherwise the columns before
// the longest such tail are compared one by one, with PostgreSQL's place of NULLs:
// last in ascending order, first in descending order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compile/sort.hpp"
#include "core/plan/node.hpp"

namespace tablegate::loader {

struct PageRange {
  core::Nodes condition;  // content for a WHERE, beginning with ` AND `
  size_t equal = 0;       // so many columns of the sort are those of the row, in all of the range
};

// The ranges are disjoint and in the order of the sort. `first_key`: number of the first value of the row;
// the others follow. `given`: the row is known to have a value in each descending column, so no NULL of these
// columns comes after it.
std::vector<PageRange> ranges_after(std::vector<SortKey> sort, uint32_t first_key, bool given);

}  // namespace tablegate::loader
