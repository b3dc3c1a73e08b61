// MaxCompute's scalar types and what they become in PostgreSQL. VARCHAR and CHAR
// become text: a changed length must not change a statement's result type under
// a running gateway.
#pragma once

#include <string>
#include <vector>

#include "source/ddl.hpp"

namespace tablegate::loader {

struct DdlType {
  std::string name;  // lower case
  std::vector<std::string> arguments;
};

// Sets type and sql_type of the column; returns the reason when the type cannot be mapped, else "".
std::string map_ddl_type(const DdlType& type, TableColumn& column);

}  // namespace tablegate::loader
