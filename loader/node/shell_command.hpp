// Runs a command of the user's with `sh -c` and returns its output. It has a
// process group of its own, which a time limit ends as a whole.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace tablegate::loader {

struct ShellOutcome {
  bool ok = false;  // exit status 0
  bool timed_out = false;
  std::string how;     // "exit status 1", "signal 9", "no end within 60 s, it was stopped"
  std::string output;  // of stdout and stderr together, at most as much as was asked for
};

constexpr std::chrono::milliseconds kHookTimeout{60000};
constexpr size_t kMostOutput = 1 << 20;

// Waits for the command itself, not for daemons that it starts: its output goes to a file, not a pipe.
// A command that does not end within `limit` gets SIGTERM, and SIGKILL two seconds later.
ShellOutcome run_shell(const std::string& command, std::chrono::milliseconds limit = kHookTimeout,
                       size_t most_output = kMostOutput);

}  // namespace tablegate::loader
