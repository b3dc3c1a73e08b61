// Applies what serves several workspaces or can: domains, gateway instances and
// REST APIs. Whose they are: ownership.hpp. What callers reach by them stays: a service that an API is
// published to, the base path and the versioning scheme of a REST API with published APIs.
#pragma once

#include <string>

#include "catalog/apply/apply_context.hpp"

namespace tablegate::loader {

// Each saves one definition and returns its action, as AppliedObject has it.
std::string save_domain(ApplyContext& context, Definition& definition);
std::string save_gateway(ApplyContext& context, Definition& definition);
std::string save_rest_api(ApplyContext& context, Definition& definition);

}  // namespace tablegate::loader
