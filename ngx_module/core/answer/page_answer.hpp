// What the answer of a page says beside its rows, and its Link header (RFC 8288):
// the request's own query with another pageNum or cursor, never with a credential.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/call/page.hpp"
#include "core/call/parameters.hpp"
#include "core/manifest/manifest.hpp"

namespace tablegate::core {

struct PageAnswer {
  uint64_t number = 1;            // of the page; 0: it continues after a cursor
  uint32_t size = 0;              // as asked for
  size_t rows = 0;                // on the page
  bool more = false;              // there are rows after it
  bool has_cursors = false;       // the order of the rows is total
  std::string_view next_cursor;   // empty: there is none
  std::optional<uint64_t> total;  // rows of all pages, where it was asked for
  // Of the table, or one number for those of all of several; none: the mirror does not know one.
  std::optional<uint64_t> generation;
  std::string generations;  // of several tables as JSON: {"orders":5,"users":null}; empty: there is one
};

// `"totalNum":3,"pageSize":10,"rows":` without the rows.
std::string page_head(const PageAnswer& page);
// `,"pageNum":1,"nextCursor":null,"generation":5`
std::string page_tail(const PageAnswer& page);

// The value of the Link header; empty: there is none. A long query gets none: it would be repeated too often.
// In a format without an envelope "next" is by cursor where there is one, as nothing else says the cursor.
std::string page_links(const Api& api, const RequestData& request, const PageAnswer& page, Format format);

}  // namespace tablegate::core
