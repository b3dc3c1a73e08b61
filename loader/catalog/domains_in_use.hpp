// The domains that something published on a gateway uses, and what must be the
// same for all of them. Rows may have been written without `apply`, so each is
// checked again.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "model/gateway_definition.hpp"

namespace tablegate::loader {

// Sorted by name. A row that is no usable definition of a domain is left out and named in `faults`; without
// `faults` it throws Refused or SystemFailure.
std::vector<DomainDefinition> domains_in_use(Database& catalog, const std::string& gateway,
                                             std::vector<std::string>* faults = nullptr);

// How two domains with TLS blocks differ in what nginx sets for all names of a socket, in words ("differ in
// http2 (true and false)"); empty: they do not, or one has no TLS block.
std::string socket_difference(const DomainDefinition& one, const DomainDefinition& other);

// How domains in use on this gateway differ so: nginx could not serve both as they are defined. Empty: they
// do not. A change is rejected when there is a fault after it and none before: what is wrong already must not
// stop everything else.
std::string socket_fault(Database& catalog, const std::string& gateway);

}  // namespace tablegate::loader
