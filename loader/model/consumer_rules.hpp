// What a Consumer's definition must be, as far as no catalog is needed to say so.
#pragma once

#include <functional>
#include <string>

#include "model/definition.hpp"

namespace tablegate::loader {

// Names, sources, no secret. `refuse` gets a JSON pointer and a reason; an empty reason is no fault.
void check_consumer(const Definition& definition,
                    const std::function<void(std::string, std::string)>& refuse);

}  // namespace tablegate::loader
