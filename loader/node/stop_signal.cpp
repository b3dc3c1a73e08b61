#include "node/stop_signal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/refusal.hpp"

namespace tablegate::loader {
namespace {

// Shared with the handler, which may run at any moment.
volatile sig_atomic_t stop_requested = 0;
volatile sig_atomic_t holds = 0;
int wake_pipe[2] = {-1, -1};

void handle(int) {
  const int saved = errno;
  stop_requested = 1;
  if (holds == 0) _exit(0);
  // A full pipe is readable already.
  if (::write(wake_pipe[1], "x", 1) < 0) errno = saved;
  errno = saved;
}

}  // namespace

void StopSignal::install() {
  if (wake_pipe[0] < 0 && ::pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
    throw SystemFailure(fmt::format("pipe2: {}", std::strerror(errno)));
  struct sigaction action {};
  action.sa_handler = &handle;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGTERM, SIGINT}) sigaction(number, &action, nullptr);
}

bool StopSignal::requested() {
  return stop_requested != 0;
}

int StopSignal::descriptor() {
  return wake_pipe[0];
}

StopSignal::Hold::Hold() {
  holds = holds + 1;
}

StopSignal::Hold::~Hold() {
  holds = holds - 1;
}

}  // namespace tablegate::loader
