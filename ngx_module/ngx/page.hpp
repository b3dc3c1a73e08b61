// Pages of a call: what it asked for, the total that the worker remembers for it,
// and what its rows say. A remembered total counts only for the generation that
// the rows were read from; after a swap the query runs once more and counts.
#pragma once

#include <cstdint>
#include <optional>

#include "core/answer/page_answer.hpp"
#include "core/answer/totals.hpp"
#include "core/call/page.hpp"
#include "ngx/call.hpp"
#include "pg/cells.hpp"

namespace tablegate::ngx {

// Lives in the request's pool.
struct PageOfCall {
  core::BoundPage bound;
  std::optional<core::Totals::Total> remembered;  // for the query that runs
};

// Before the walk: keeps what the call asked for, and takes the count out of the statement where the total is
// known. False: no memory.
bool begin_page(Call& call, core::BoundPage& bound);

enum class PageOutcome : uint8_t {
  good,
  counts_again,  // the remembered total is of another generation: run the query again, begin_page() counts
  failed,        // the rows are none of a page, or there is no memory
};
// The rows have come; pg::has_columns_of() accepts them.
PageOutcome end_page(Call& call, const pg::Cells& cells, core::PageAnswer& answer);

}  // namespace tablegate::ngx
