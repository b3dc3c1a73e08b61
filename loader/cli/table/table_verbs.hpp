// The verbs of `tablegate table` that have files of their own; table.cpp puts
// them on the command line.
#pragma once

#include <string>

#include "cli/cli.hpp"
#include "mirror/load.hpp"

namespace tablegate::loader {

void add_table_rollback(Verb& table, Settings& settings);
void add_table_watch(Verb& table, Settings& settings);
void add_table_advise(Verb& table, Settings& settings);
void add_table_views(Verb& table, Settings& settings);

// What serves now: {"name","generation","rows"}, or a line.
void report_generation(const Settings& settings, const std::string& table, const LoadOutcome& outcome);
// A warning for each view that still reads an old generation. `table` empty: of any table.
void warn_of_views(const Settings& settings, const std::string& table);

}  // namespace tablegate::loader
