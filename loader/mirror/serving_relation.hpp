// The relation that serves a mirrored table, from mirror.tablegate_tables as
// gateways read it, for commands that look at a table's rows or grants.
#pragma once

#include <string>

#include "base/database.hpp"

namespace tablegate::loader {

// The relation in schema mirror that serves as `table`: its own name, or NAME__gN with swap "pointer". Its
// own name too if this user may not look, or the mirror is older than that.
std::string serving_relation(Database& mirror, const std::string& table);

}  // namespace tablegate::loader
