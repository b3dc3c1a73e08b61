// The command `tablegate` from its arguments to its exit status.
#pragma once

namespace tablegate::loader {

// As main(): `arguments` are those of the process. Prints what the command prints, failures with their next
// command included, and returns the exit status. std::exception: no memory, or a fault of the program.
int run_program(int count, char** arguments);

}  // namespace tablegate::loader
