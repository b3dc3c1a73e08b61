// What to type after a failure: one command, alone. A hint never does more than
// was asked: again() is the command that failed with all its arguments and what
// was missing, command() is another verb, which looks or does a step before it.
// Where people must choose, a word in upper case takes the place (NAME, FILE).
// cli/command_line.hpp writes it, because it knows what was typed.
//
//   throw Refused("... breaks callers", Hint::again().add("--breaking"));
//   throw Refused("there is no API \"x\"", Hint::command({"api", "list"}));
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tablegate::loader {

// 'Query User' as one word of a shell.
std::string shell_word(const std::string& text);

class Hint {
 public:
  enum class Kind { none, again, command, program };

  // None: the help of the command that failed takes its place.
  Hint() = default;
  static Hint again() { return Hint(Kind::again); }
  // A verb of tablegate. The global options of the command that failed (--workspace, ...) are kept, unless
  // the words name them.
  static Hint command(std::initializer_list<std::string_view> words) {
    Hint hint(Kind::command);
    for (const std::string_view word : words) hint.words_.emplace_back(word);
    return hint;
  }
  // A command of another program, as the shell reads it.
  static Hint program(std::string text) {
    Hint hint(Kind::program);
    hint.before_ = std::move(text);
    return hint;
  }

  // One more word.
  Hint add(std::string_view word) const {
    Hint hint = *this;
    hint.words_.emplace_back(word);
    return hint;
  }
  // One more value of a list.
  Hint add(std::string_view option, std::string_view value) const { return add(option).add(value); }
  // The flag, unless it was given.
  Hint flag(std::string_view name) const {
    Hint hint = *this;
    hint.flags_.emplace_back(name);
    return hint;
  }
  // The option with this value, in place of the one that was given.
  Hint set(std::string_view option, std::string_view value) const {
    Hint hint = *this;
    hint.settings_.emplace_back(option, value);
    return hint;
  }
  // `other` in place of the word that was given.
  Hint replace(std::string_view word, std::string_view other) const {
    Hint hint = *this;
    hint.replaced_.emplace_back(word, other);
    return hint;
  }
  // "NAME=VALUE" or "xz -dc FILE |": stands before the command, as the shell reads it.
  Hint after(std::string text) const {
    Hint hint = *this;
    hint.before_ = std::move(text);
    return hint;
  }

  Kind kind() const { return kind_; }
  const std::string& before() const { return before_; }
  const std::vector<std::string>& words() const { return words_; }
  const std::vector<std::string>& flags() const { return flags_; }
  const std::vector<std::pair<std::string, std::string>>& settings() const { return settings_; }
  const std::vector<std::pair<std::string, std::string>>& replaced() const { return replaced_; }

 private:
  explicit Hint(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::none;
  std::string before_;
  std::vector<std::string> words_;
  std::vector<std::string> flags_;
  std::vector<std::pair<std::string, std::string>> settings_;
  std::vector<std::pair<std::string, std::string>> replaced_;
};

}  // namespace tablegate::loader
