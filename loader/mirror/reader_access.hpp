// What tablegate_reader, the role of nginx, may do in the mirror: `doctor` looks
// at it. `init` and the loads grant it.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

// Each grant that it should not have or lacks, as words that follow "tablegate_reader: "; empty: all is well.
std::vector<std::string> wrong_reader_grants(Database& mirror);

enum class ReaderAccess { none, missing_table, reads };
// To the relation that serves as `table`.
ReaderAccess reader_access(Database& mirror, const std::string& table);

}  // namespace tablegate::loader
