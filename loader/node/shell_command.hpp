// Runs a command of the user's with `sh -c` and returns its output.
#pragma once

#include <string>

namespace tablegate::loader {

struct ShellOutcome {
  bool ok = false;     // exit status 0
  std::string how;     // "exit status 1", "signal 9"
  std::string output;  // of stdout and stderr together, at most 1 MiB
};

// Waits for the command itself, not for daemons that it starts: its output goes to a file, not a pipe.
ShellOutcome run_shell(const std::string& command);

}  // namespace tablegate::loader
