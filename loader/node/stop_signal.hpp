// SIGTERM and SIGINT of a program that runs for ever (`sync --watch`): they end it
// at once with status 0, except while a Hold lives: then they are only noted, so
// that files are never left half-way. Without install() nothing is changed.
#pragma once

namespace tablegate::loader {

class StopSignal {
 public:
  static void install();
  static bool requested();
  // Readable once a stop was requested; -1 before install().
  static int descriptor();

  // While one lives, a signal is noted and nothing else. They nest.
  class Hold {
   public:
    Hold();
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
  };
};

}  // namespace tablegate::loader
