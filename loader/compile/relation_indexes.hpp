// The indexes that a relation of the mirror has.
#pragma once

#include <string>
#include <vector>

#include "base/database.hpp"
#include "compile/index_advice.hpp"
#include "compile/plan_scans.hpp"

namespace tablegate::loader {

// Of a relation in schema mirror: those on plain columns that find any row, without the primary key.
std::vector<IndexColumns> list_indexes(Database& mirror, const std::string& relation);

// Of all B-tree indexes of these relations in schema mirror, apart from those on expressions.
FirstColumns list_first_columns(Database& mirror, const std::vector<std::string>& relations);

}  // namespace tablegate::loader
