// The verbs of `tablegate table` that have files of their own; table.cpp puts
// them on the command line.
#pragma once

#include "cli/cli.hpp"

namespace tablegate::loader {

void add_table_watch(CLI::App& table, Settings& settings);

}  // namespace tablegate::loader
