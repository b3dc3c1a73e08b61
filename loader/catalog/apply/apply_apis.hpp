// The APIs of one apply, saved together: what they refer to is looked up once,
// and what differs is written by one statement for many, so that the catalog's
// lock is held for as short a time as the rows take.
#pragma once

#include <vector>

#include "catalog/apply/apply_context.hpp"

namespace tablegate::loader {

// Inside the transaction of the apply, after all that APIs refer to. Fills `action`, `before` and `after` of
// each object; what is refused has no action.
void save_apis(ApplyContext& context, const std::vector<ApplyItem>& apis);

}  // namespace tablegate::loader
