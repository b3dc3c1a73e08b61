// Values that the gateway itself makes for the statement of an API, such as the
// rows of a page. In a program and in BoundValues their numbers follow those of
// Api::parameters: the first one is number Api::parameters.size(). They are bound
// like a caller's values; none of them is ever text of the statement.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/manifest/types.hpp"

namespace tablegate::core {

struct InternalValue {
  enum class Kind : uint8_t {
    page_rows,    // how many rows the statement may give: one more than the page has
    page_offset,  // how many rows come before the page; absent on the first page and after a cursor
    page_total,   // present when the statement counts all rows; it is never bound
    cursor_key,   // a value of the row that a cursor continues after, in order of the sort; absent: NULL, or
                  // there is no cursor
    mask_inner,   // the workspace's key of hash masks, as HMAC's inner pad (mask_key.hpp)
    mask_outer,   // and as its outer pad
  } kind = Kind::page_rows;
  ColumnType type = ColumnType::int8;  // of its placeholder
  // Its text where it is the same for all requests, of the manifest. Null: it is made for each request.
  const char* fixed = nullptr;

  // Of a mask. Without its text the statement would give NULL for every value.
  bool is_of_mask() const { return kind == Kind::mask_inner || kind == Kind::mask_outer; }
};

// How many kinds there are.
constexpr size_t kInternalValueKinds = static_cast<size_t>(InternalValue::Kind::mask_outer) + 1;

// "page_rows", ... as the manifest has them; nullopt for any other word.
std::optional<InternalValue::Kind> parse_internal_value(std::string_view name);
std::string_view internal_value_name(InternalValue::Kind kind);

}  // namespace tablegate::core
