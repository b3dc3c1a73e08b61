// How the loader's commands fail: an exception with the message, the exit status
// (loader/README.md) and what to type next (base/hint.hpp). Caught once, in
// cli/program.cpp, which prints "tablegate: MESSAGE" and "try: COMMAND" to stderr.
// What there is to say beside the command belongs to the message.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "base/hint.hpp"

namespace tablegate::loader {

class Failure : public std::runtime_error {
 public:
  Failure(int status, const std::string& message, Hint next)
      : std::runtime_error(message), status_(status), next_(std::move(next)) {}
  int status() const { return status_; }
  const Hint& next() const { return next_; }

 private:
  int status_;
  Hint next_;
};

// Exit 1: the request is not allowed or not valid; nothing was changed.
struct Refused : Failure {
  explicit Refused(const std::string& message, Hint next = {}) : Failure(1, message, std::move(next)) {}
};

// Exit 2: the command line is wrong.
struct WrongUsage : Failure {
  explicit WrongUsage(const std::string& message, Hint next = {}) : Failure(2, message, std::move(next)) {}
};

// Exit 3: the database or the file system failed.
struct SystemFailure : Failure {
  explicit SystemFailure(const std::string& message, Hint next = {}) : Failure(3, message, std::move(next)) {}
};

}  // namespace tablegate::loader
