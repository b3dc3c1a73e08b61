// Binds a list parameter (IN, NOT IN). Its items come from all occurrences in a
// query, a form or the headers, or from a path segment: each is split at commas
// after decoding. Items of a JSON array are whole. Every item is checked as a
// single value is, and all of them become one array in PostgreSQL's text form
// (manual, 8.15.2). Linear in what the caller sends: four allocations a list, and
// one for each repetition (given_values.hpp).
#pragma once

#include "core/call/given_values.hpp"

namespace tablegate::core {

// Sets values[place] and items[place] for the parameter with this place in Api::parameters; a null value: the
// list is absent. `items`: null before the first list of a request, which makes it with one entry for each
// parameter.
Problem bind_list(const Api& api, size_t place, const GivenValues& given, Arena& arena, const char** values,
                  BoundItems*& items);

}  // namespace tablegate::core
