// What a verb of the command line is made of: its options, what they may be, its
// help, what it does. A narrow front of CLI11 with CLI11's own names: the library
// is header-only and costs 10 s (sanitized 26 s) in each unit that sees it, so
// only verb.cpp and program.cpp do. Verbs and options live as long as the Verb that
// made them.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
class Validator;
}  // namespace CLI

namespace tablegate::loader {

// What an option's value must be; a wrong one ends the command with status 2.
class Check {
 public:
  explicit Check(std::shared_ptr<const CLI::Validator> validator) : validator_(std::move(validator)) {}
  const CLI::Validator& validator() const { return *validator_; }

 private:
  std::shared_ptr<const CLI::Validator> validator_;
};

Check between(int least, int most);
Check between(double least, double most);
Check one_of(std::initializer_list<const char*> words);
Check positive_number();
Check non_negative_number();

class Option {
 public:
  explicit Option(CLI::Option& option) : option_(option) {}
  Option* required();
  Option* check(const Check& check);
  Option* type_name(const std::string& name);
  Option* group(const std::string& name);  // "": not in the help
  Option* envname(const std::string& variable);
  Option* excludes(Option* other);
  Option* needs(Option* other);
  // A list's option takes one value each time that it is given.
  Option* allow_extra_args(bool allowed);

 private:
  CLI::Option& option_;
};

class Verb {
 public:
  explicit Verb(CLI::App& app) : app_(app) {}
  Verb(const Verb&) = delete;
  Verb& operator=(const Verb&) = delete;

  Verb* add_subcommand(const std::string& name, const std::string& description);
  Verb* add_option_group(const std::string& name);
  // `names`: "--from", or "NAME" of an argument by its place. The value is written to `target` before the
  // callback runs; verb.cpp lists the types.
  template <class Target>
  Option* add_option(const std::string& names, Target& target, const std::string& description);
  Option* add_flag(const std::string& names, bool& target, const std::string& description);
  // "--header{names}": the flag alone writes `names`, --header=WORD the word.
  Option* add_flag(const std::string& names, std::string& target, const std::string& description);
  // Calls back while the command line is read.
  Option* add_option_function(const std::string& names, const std::function<void(const std::string&)>& call,
                              const std::string& description = "");
  Option* add_flag_callback(const std::string& name, const std::function<void()>& call);

  void callback(const std::function<void()>& call);
  void footer(const std::string& text);
  void require_subcommand(int number);
  void require_option(int number);
  void allow_extras();
  void group(const std::string& name);  // "": not in the help
  std::string name() const;
  const std::vector<std::unique_ptr<Verb>>& verbs() const { return verbs_; }

 private:
  Option* keep(CLI::Option* option);

  CLI::App& app_;
  std::vector<std::unique_ptr<Verb>> verbs_;
  std::vector<std::unique_ptr<Option>> options_;
};

}  // namespace tablegate::loader
