// Applies business processes and APIs. A business process stays with its REST
// API, and so does an API that has versions; an API's definition is its draft.
#pragma once

#include <string>

#include "catalog/apply/apply_context.hpp"

namespace tablegate::loader {

// Saves one definition and returns its action, as AppliedObject has it.
std::string save_business_process(ApplyContext& context, Definition& definition);
// Whether this apply defines the business process and did not save it, itself or its REST API being refused.
bool depends_on_refused(const ApplyContext& context, const std::string& process);

}  // namespace tablegate::loader
