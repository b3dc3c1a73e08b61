// Commands over definition files that go further than `apply`: each has a file of
// its own, add_files() in files.cpp puts them on the command line.
#pragma once

#include "cli/cli.hpp"

namespace tablegate::loader {

void add_deploy(Verb& app, Settings& settings);
void add_openapi(Verb& app, Settings& settings);

}  // namespace tablegate::loader
