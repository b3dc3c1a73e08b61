// The statement of an API with pages. One statement gives the rows of a page, the
// generation that they are of, and where it is asked for the number of all rows:
//   SELECT rows, generation, total FROM generation CROSS JOIN total LEFT JOIN (page) ON true ORDER BY sort
// so a page past the end still has one row, without a page's values. The page is one of
//   the first page: the first rows of the sort; a fixed LIMIT inside lets a generic plan use the index
//   a later page by its number: LIMIT and OFFSET
//   after a cursor: the rows after a row, as ranges of the sort's index (page_ranges.hpp)
// The rows are those of a table, or of a script's query. The order of a script that is not total has no sort
// here: its own ORDER BY divides the rows, which are numbered to keep it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compile/page_ranges.hpp"
#include "compile/sort.hpp"
#include "core/manifest/internal_value.hpp"
#include "core/plan/node.hpp"
#include "model/api_definition.hpp"

namespace tablegate::loader {

class PageStatement {
 public:
  // `tables`: whose generations the statement gives; they outlive the object as the others do. `sort` is only
  // empty where there is `order`.
  PageStatement(const std::vector<std::string>& tables, const std::vector<SortKey>& sort,
                const Pagination& pages)
      : tables_(tables), sort_(sort), pages_(pages) {}

  core::Nodes query;  // of a script, without ORDER BY and LIMIT; empty: the rows are those of the one table
  core::Nodes order;  // the script's ORDER BY

  core::Nodes selected;      // the items of the SELECT
  size_t outputs = 0;        // how many columns they are
  core::Nodes conditions;    // content of the WHERE
  bool has_cursors = false;  // the sort's values are output columns too, for the cursor

  // Adds values that the gateway makes to `internal`, whose first one has this number, and sets the
  // statement.
  void compile(uint32_t first_internal, std::vector<core::InternalValue>& internal, core::Nodes& statement);

 private:
  void add_generations(core::Nodes& statement) const;
  core::Nodes source() const;
  core::Nodes rows(core::Nodes more_conditions, const std::string& end) const;
  core::Nodes limited(PageRange range, core::Nodes limit) const;
  core::Nodes order_within(size_t equal) const;
  core::Nodes page() const;
  core::Nodes numbered_page() const;
  core::Nodes after_cursor() const;
  core::Nodes in_ranges(std::vector<PageRange> ranges) const;
  std::string outer_order() const;
  std::string names() const;

  const std::vector<std::string>& tables_;
  const std::vector<SortKey>& sort_;
  const Pagination& pages_;
  uint32_t rows_ = 0, offset_ = 0, total_ = 0, keys_ = 0;  // numbers of internal values
};

}  // namespace tablegate::loader
