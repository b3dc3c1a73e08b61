// How a command that changes what gateways serve ends (loader/README.md): with
// --wait it waits until the nodes serve it, otherwise it says how many do.
#pragma once

#include <string>
#include <vector>

#include "cli/cli.hpp"

namespace tablegate::loader {

// --wait [--timeout 30s], into settings.wait and settings.wait_timeout.
void add_wait(Verb& verb, Settings& settings);

// After the change is committed and reported. `gateways`: those that it concerns; empty: all there are.
// Prints "served by N of M nodes of G", what to run for the others, and `until_then` ("the key still works"),
// or "no node has synced G: ..." for each (nothing with -o json and -q). With --wait it throws Refused when
// the nodes that live do not serve the change in time.
void report_served(const Settings& settings, Database& catalog, std::vector<std::string> gateways = {},
                   const std::string& until_then = {});

}  // namespace tablegate::loader
