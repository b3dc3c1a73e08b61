// Texts that say nothing: an empty or blank value of a field is never meant, and
// some program later takes it for "not given" and another does not.
#pragma once

#include "model/definition.hpp"

namespace tablegate::loader {

// Adds a problem for each blank text but those of fields that may be: description, default, sample and other
// values of callers; marks the definition.
void check_blank_texts(Definition& definition, Problems& problems);

}  // namespace tablegate::loader
