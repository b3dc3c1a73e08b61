// What a DataSource's fields must be, by its type.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json_text.hpp"

namespace tablegate::loader {

// JSON pointer and reason of everything that is wrong.
std::vector<std::pair<std::string, std::string>> data_source_faults(const JsonValue& data_source);

// Why the text cannot be the dsn of a source, "" when it can. Never holds the text.
std::string bad_source_dsn(const std::string& dsn);

}  // namespace tablegate::loader
