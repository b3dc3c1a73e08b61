// The command that runs, as it was typed, and what to type after its failure: a
// hint (base/hint.hpp) becomes one line that a shell can run. It keeps all
// arguments of the command, or, where the hint is another verb, its global
// options. A password in a connection string is not repeated.
//
//   CommandLine({"api", "publish", "X", "--version", "2"}, "tablegate api publish")
//       .text(Hint::again().add("--breaking"))  ->  tablegate api publish X --version 2 --breaking
#pragma once

#include <string>
#include <vector>

#include "base/hint.hpp"

namespace tablegate::loader {

class CommandLine {
 public:
  // `words`: without the program's name; `verb`: "tablegate api publish".
  CommandLine(std::vector<std::string> words, std::string verb)
      : words_(std::move(words)), verb_(std::move(verb)) {}

  // Empty for Hint().
  std::string text(const Hint& hint) const;
  // The verb's help: what helps where a failure knows no command of its own.
  std::string help() const { return verb_ + " --help"; }

 private:
  std::vector<std::string> again(const Hint& hint) const;
  std::vector<std::string> command(const Hint& hint) const;

  std::vector<std::string> words_;
  std::string verb_;
};

}  // namespace tablegate::loader
