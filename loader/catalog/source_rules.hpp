// What a DataSource's fields must be, by its type (interface section 2).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "catalog/json_text.hpp"

namespace tablegate::loader {

// JSON pointer and reason of everything that is wrong.
std::vector<std::pair<std::string, std::string>> data_source_faults(const JsonValue& data_source);

}  // namespace tablegate::loader
