#include "cli/table/load_interrupt.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

namespace tablegate::loader {
namespace {

constexpr unsigned kPatience = 2;  // seconds for taking things back

PGcancel* cancel_handle = nullptr;
volatile std::sig_atomic_t stop_signal = 0;

// Only what POSIX and libpq allow in a handler.
extern "C" void end_at_once(int) {
  constexpr char kText[] = "tablegate: interrupted; the next load cleans up\n";
  const ssize_t written = write(STDERR_FILENO, kText, sizeof kText - 1);
  _exit(128 + (stop_signal == 0 || written < 0 ? SIGINT : stop_signal));
}

extern "C" void stop_load(int number) {
  if (stop_signal != 0) end_at_once(number);
  stop_signal = number;
  alarm(kPatience);
  char reason[64];
  if (cancel_handle != nullptr) PQcancel(cancel_handle, reason, sizeof reason);
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(number, &action, nullptr);
}

}  // namespace

LoadInterrupt::LoadInterrupt(Database& mirror) {
  cancel_handle = PQgetCancel(mirror.connection());
  handle(SIGALRM, end_at_once);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) handle(number, stop_load);
}

LoadInterrupt::~LoadInterrupt() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) handle(number, SIG_DFL);
  alarm(0);
  handle(SIGALRM, SIG_DFL);
  PQfreeCancel(cancel_handle);
  cancel_handle = nullptr;
}

int LoadInterrupt::signal() {
  return stop_signal;
}

void LoadInterrupt::check() {
  if (stop_signal != 0)
    throw Interrupted(stop_signal, fmt::format("interrupted ({}): the previous generation keeps serving",
                                               strsignal(stop_signal)));
}

}  // namespace tablegate::loader
