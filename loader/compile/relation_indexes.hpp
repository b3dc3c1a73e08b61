// The indexes that a relation of the mirror has.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "compile/index_advice.hpp"

namespace tablegate::loader {

// Of a relation in schema mirror: those on plain columns that find any row, without the primary key.
std::vector<IndexColumns> list_indexes(Database& mirror, const std::string& relation);

}  // namespace tablegate::loader
