// A page as its statement gives it: after the columns that rows are written from
// come the sort values of the row, `true` for a row of the page (NULL in the one
// row of a page without rows), the generation of each table by name, and the total
// where the statement counts.
#pragma once

#include <cstddef>

#include "core/answer/page_answer.hpp"
#include "core/arena.hpp"
#include "core/manifest/manifest.hpp"
#include "pg/cells.hpp"

namespace tablegate::pg {

// Whether so many columns are those of a page of the API, with or without the total.
bool is_page_size(const core::Api& api, std::size_t columns);

// Reads what `cells` say of the page, which has_columns_of() has accepted. `answer.total` is only set where
// the statement counted. The cursor lives in the arena. False: no memory, or a number that is none.
bool read_page(const core::Api& api, const core::BoundPage& page, const Cells& cells, core::Arena& arena,
               core::PageAnswer& answer);

}  // namespace tablegate::pg
