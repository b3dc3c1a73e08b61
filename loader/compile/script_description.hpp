// What the columns of a script are: each path of its statement is prepared on the
// mirror as tablegate_tester, and PostgreSQL describes it. Nothing is run.
#pragma once

#include <vector>

#include "model/ddl.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

class PlanMirror;

// Throws Refused for a path that PostgreSQL does not accept, with the place in the script; for paths whose
// columns differ in type; and for a type that answers cannot have.
std::vector<TableColumn> describe_script(const ApiEntry& entry, PlanMirror& mirror);

}  // namespace tablegate::loader
