// Applies what all workspaces share: domains, gateway instances and REST APIs.
// What callers reach by them stays: a service that an API is published to, the
// base path and the versioning scheme of a REST API with published APIs.
#pragma once

#include <string>

#include "catalog/apply/apply_context.hpp"

namespace tablegate::loader {

// Each saves one definition and returns its action, as AppliedObject has it.
std::string save_domain(ApplyContext& context, Definition& definition);
std::string save_gateway(ApplyContext& context, Definition& definition);
std::string save_rest_api(ApplyContext& context, Definition& definition);

}  // namespace tablegate::loader
