// Applies business processes and APIs. A business process stays with its REST
// API, and so does an API that has versions; an API's definition is its draft.
#pragma once

#include <string>

#include "catalog/apply/apply_context.hpp"

namespace tablegate::loader {

// Each saves one definition and returns its action, as AppliedObject has it.
std::string save_business_process(ApplyContext& context, Definition& definition);
std::string save_api(ApplyContext& context, Definition& definition);

}  // namespace tablegate::loader
