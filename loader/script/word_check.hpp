// Looks at each word of a script with tags, whatever calls it is written for. SQL of
// paths is checked whole (sql_check.hpp), but a call may take a path that no check has
// seen: a list of other length, or tags in another combination. So names that only a
// whole statement tells from harmless ones are not allowed anywhere in such a script:
// another schema's, a catalog's, and one before `(` that is no function of the list,
// also where the two are in different tags.
#pragma once

#include <vector>

#include "core/plan/node.hpp"
#include "script/sql_check.hpp"

namespace tablegate::loader {

// `nodes`: of read_template(). SqlFault::offset is a byte of the script. A script without tags has no faults.
void check_words(const core::Nodes& nodes, std::vector<SqlFault>& faults);

}  // namespace tablegate::loader
