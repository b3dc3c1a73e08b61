// Where a mirrored table is read: what gateways find in mirror.tablegate_tables,
// for those commands that look at a table's rows or grants themselves.
#pragma once

#include <string>

#include "base/database.hpp"

namespace tablegate::loader {

// The relation in schema mirror that serves as `table`: its own name, or NAME__gN with swap "pointer". Where
// this user may not look, or the mirror is of before, its own name.
std::string serving_relation(Database& mirror, const std::string& table);

}  // namespace tablegate::loader
