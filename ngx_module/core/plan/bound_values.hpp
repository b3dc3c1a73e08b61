// What a request gives for the parameters of its API: made by bind_parameters(),
// read by the walk through the API's program. Lives in the arena of the request.
#pragma once

#include <cstddef>

#include "core/answer/format.hpp"

namespace tablegate::core {

struct BoundPage;

// The items of a list parameter, in text form. None of them is null.
struct BoundItems {
  const char* const* items = nullptr;
  size_t count = 0;
};

struct BoundValues {
  // One for each of Api::parameters, then one for each of Api::internal, in their order: text form,
  // NUL-terminated. Null: it is absent. Of parameters only an optional one without a default can be that.
  const char* const* values = nullptr;
  // The same for the items of lists, whose `values` are arrays in PostgreSQL's text form (manual, 8.15.2).
  // Null where no parameter is a list.
  const BoundItems* items = nullptr;

  // Of a list parameter that is present.
  BoundItems items_of(size_t parameter) const { return items == nullptr ? BoundItems() : items[parameter]; }
  // Of an API whose rows are divided into pages, in the arena; otherwise null.
  BoundPage* page = nullptr;
  // In which the caller gets the rows, and whether his Accept headers have chosen it.
  Format format = Format::json;
  bool accept_chose = false;
};

}  // namespace tablegate::core
