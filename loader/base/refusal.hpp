// How the loader's commands fail: an exception with the message and the exit
// status (loader/README.md). Caught once, in cli/main.cpp, which prints
// "tablegate: MESSAGE" and, if there is one, "try: COMMAND" to stderr.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace tablegate::loader {

class Failure : public std::runtime_error {
 public:
  Failure(int status, const std::string& message, std::string next)
      : std::runtime_error(message), status_(status), next_(std::move(next)) {}
  int status() const { return status_; }
  // The command that helps, or empty.
  const std::string& next() const { return next_; }

 private:
  int status_;
  std::string next_;
};

// Exit 1: the request is not allowed or not valid; nothing was changed.
struct Refused : Failure {
  explicit Refused(const std::string& message, std::string next = {})
      : Failure(1, message, std::move(next)) {}
};

// Exit 2: the command line is wrong.
struct WrongUsage : Failure {
  explicit WrongUsage(const std::string& message, std::string next = {})
      : Failure(2, message, std::move(next)) {}
};

// Exit 3: the database or the file system failed.
struct SystemFailure : Failure {
  explicit SystemFailure(const std::string& message, std::string next = {})
      : Failure(3, message, std::move(next)) {}
};

}  // namespace tablegate::loader
