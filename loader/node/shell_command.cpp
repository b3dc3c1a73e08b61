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

#include "base/refusal.hpp"
#include "node/output_folder.hpp"

extern char** environ;

namespace tablegate::loader {
namespace {

constexpr off_t kMaxOutput = 1 << 20;

std::string read_output(int descriptor) {
  const off_t size = std::clamp<off_t>(::lseek(descriptor, 0, SEEK_END), 0, kMaxOutput);
  std::string text(static_cast<size_t>(size), '\0');
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return text;
}

// Ctrl-C reaches the command, as with system(3): this process ignores it, sees the command fail, and cleans
// up.
class IgnoreInterrupt {
 public:
  IgnoreInterrupt() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, nullptr, &before_);
    // A handler of the program's own remains in use.
    if (before_.sa_handler == SIG_DFL) sigaction(SIGINT, &ignore, nullptr);
  }
  ~IgnoreInterrupt() { sigaction(SIGINT, &before_, nullptr); }
  IgnoreInterrupt(const IgnoreInterrupt&) = delete;
  IgnoreInterrupt& operator=(const IgnoreInterrupt&) = delete;

 private:
  struct sigaction before_ {};
};

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
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
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

ShellOutcome run_shell(const std::string& command) {
  const Descriptor output(::memfd_create("tablegate-output", MFD_CLOEXEC));
  if (output.number() < 0) throw SystemFailure(fmt::format("memfd_create: {}", std::strerror(errno)));
  const IgnoreInterrupt ignore;
  pid_t child = 0;
  if (const int error = spawn_shell(command, output.number(), child); error != 0) {
    throw SystemFailure(fmt::format("/bin/sh: {}", std::strerror(error)));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw SystemFailure(fmt::format("waitpid: {}", std::strerror(errno)));
  }
  ShellOutcome outcome;
  outcome.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  outcome.how = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                    : fmt::format("exit status {}", WEXITSTATUS(status));
  outcome.output = read_output(output.number());
  return outcome;
}

}  // namespace tablegate::loader
