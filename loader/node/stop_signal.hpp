// SIGTERM and SIGINT of a long-running program (`sync --watch`): they end it at
// once with status 0. While a Hold exists they are only recorded, so that files
// are never left incomplete. Without install() the default applies.
#pragma once

namespace tablegate::loader {

class StopSignal {
 public:
  static void install();
  static bool requested();
  // Readable once a stop was requested; -1 before install().
  static int descriptor();

  // While one exists, a signal is only recorded. They nest.
  class Hold {
   public:
    Hold();
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
  };
};

}  // namespace tablegate::loader
