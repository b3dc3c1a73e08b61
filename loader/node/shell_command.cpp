#include "node/shell_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "base/refusal.hpp"
#include "node/output_folder.hpp"

extern char** environ;

namespace tablegate::loader {
namespace {

using std::chrono::milliseconds;

std::string read_output(int descriptor, size_t most) {
  const off_t size = std::clamp<off_t>(::lseek(descriptor, 0, SEEK_END), 0, static_cast<off_t>(most));
  std::string text(static_cast<size_t>(size), '\0');
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return text;
}

// For the handler, which may run at any moment.
volatile sig_atomic_t command_group = 0;
void (*handler_before)(int) = nullptr;

void pass_on(int number) {
  const int saved = errno;
  if (command_group > 0) ::kill(-static_cast<pid_t>(command_group), number);
  errno = saved;
  if (handler_before != nullptr) handler_before(number);
}

// Ctrl-C reaches the command, as with system(3): this process continues, sees the command fail, and cleans
// up. A handler of the program's own is called as well.
class PassInterrupt {
 public:
  explicit PassInterrupt(pid_t group) {
    sigaction(SIGINT, nullptr, &before_);
    if (before_.sa_handler == SIG_IGN) return;
    handler_before = before_.sa_handler == SIG_DFL ? nullptr : before_.sa_handler;
    command_group = static_cast<sig_atomic_t>(group);
    struct sigaction action {};
    action.sa_handler = &pass_on;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, nullptr);
  }
  ~PassInterrupt() {
    sigaction(SIGINT, &before_, nullptr);
    command_group = 0;
  }
  PassInterrupt(const PassInterrupt&) = delete;
  PassInterrupt& operator=(const PassInterrupt&) = delete;

 private:
  struct sigaction before_ {};
};

// Whether it ended within the time; `status` as waitpid() gives it.
bool wait_for(pid_t child, milliseconds limit, int& status) {
  constexpr milliseconds kShortest{1};
  constexpr milliseconds kLongest{20};
  const auto end = std::chrono::steady_clock::now() + limit;
  for (milliseconds pause = kShortest;; pause = std::min(2 * pause, kLongest)) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) return true;
    if (ended < 0 && errno != EINTR) throw SystemFailure(fmt::format("waitpid: {}", std::strerror(errno)));
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(pause);
  }
}

void stop_group(pid_t child, int& status) {
  constexpr milliseconds kGrace{2000};
  ::kill(-child, SIGTERM);
  const bool ended = wait_for(child, kGrace, status);
  ::kill(-child, SIGKILL);  // what the shell had started, too
  while (!ended && ::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw SystemFailure(fmt::format("waitpid: {}", std::strerror(errno)));
  }
}

int spawn_shell(const std::string& command, int output, pid_t& child) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  posix_spawnattr_setsigdefault(&attributes, &interrupt);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string shell = "sh";
  std::string option = "-c";
  std::string text = command;
  char* arguments[] = {shell.data(), option.data(), text.data(), nullptr};
  const int error = posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

ShellOutcome run_shell(const std::string& command, milliseconds limit, size_t most_output) {
  const Descriptor output(::memfd_create("tablegate-output", MFD_CLOEXEC));
  if (output.number() < 0) throw SystemFailure(fmt::format("memfd_create: {}", std::strerror(errno)));
  pid_t child = 0;
  if (const int error = spawn_shell(command, output.number(), child); error != 0) {
    throw SystemFailure(fmt::format("/bin/sh: {}", std::strerror(error)));
  }
  const PassInterrupt pass(child);
  int status = 0;
  ShellOutcome outcome;
  outcome.timed_out = !wait_for(child, limit, status);
  if (outcome.timed_out) stop_group(child, status);
  outcome.ok = !outcome.timed_out && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  outcome.how = outcome.timed_out     ? fmt::format("no end within {:g} s, it was stopped",
                                                    std::chrono::duration<double>(limit).count())
                : WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                      : fmt::format("exit status {}", WEXITSTATUS(status));
  outcome.output = read_output(output.number(), most_output);
  return outcome;
}

}  // namespace tablegate::loader
