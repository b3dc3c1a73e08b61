// What people should know about definitions that an apply has saved: on stderr, one
// line each, and nothing with -q. Nothing of it is an error.
#pragma once

#include <vector>

#include "catalog/apply/apply_context.hpp"
#include "cli/cli.hpp"

namespace tablegate::loader {

// What was saved in another form than it is written, and DataSources that `table watch` of this machine would
// not load from.
void print_notes(const Settings& settings, Database& catalog, const Workspace& workspace,
                 const std::vector<AppliedObject>& objects);

}  // namespace tablegate::loader
