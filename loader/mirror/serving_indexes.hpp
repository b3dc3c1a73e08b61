// One more index on the generation that serves, built while callers read the table.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "compile/index_advice.hpp"

namespace tablegate::loader {

// Builds one, or nothing at all when it fails or is cancelled. The caller has the table's TableLock.
// `progress`: percent of what is to be read, from time to time. Throws Refused when a value is too long for
// an index.
void build_index(Database& mirror, const std::string& table, int64_t generation, const IndexColumns& columns,
                 const std::function<void(double percent)>& progress);

}  // namespace tablegate::loader
