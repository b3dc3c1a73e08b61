// Ctrl-C, SIGTERM and a lost terminal during a load: the server stops what it is
// at, the load takes its generation back and ends with 128 + the signal's number.
// Where the load cannot notice (it waits for a source that sends nothing), or at
// a second signal, the process ends at once, and the next load clears what is left.
#pragma once

#include <string>

#include "base/database.hpp"

namespace tablegate::loader {

// Exit 130 after Ctrl-C, as a shell reports it.
struct Interrupted : Failure {
  Interrupted(int signal, const std::string& message) : Failure(128 + signal, message, {}) {}
};

// One at a time in a process.
class LoadInterrupt {
 public:
  explicit LoadInterrupt(Database& mirror);
  ~LoadInterrupt();
  LoadInterrupt(const LoadInterrupt&) = delete;
  LoadInterrupt& operator=(const LoadInterrupt&) = delete;

  // The signal that came, or 0.
  static int signal();
  // Throws Interrupted once one came.
  static void check();
};

}  // namespace tablegate::loader
