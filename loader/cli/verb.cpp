#include "cli/verb.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>

#include "base/near_name.hpp"

namespace tablegate::loader {
namespace {

// CLI11's validator with the reason in our words: "must be 1 to 100, not \"x\"". CLI11 puts the name of the
// option before it.
Check check_by(const CLI::Validator& validator, const std::string& rule,
               const std::vector<std::string>& words = {}) {
  return Check(std::make_shared<const CLI::Validator>(
      [validator, rule, words](std::string& value) {
        return validator(value).empty()
                   ? std::string()
                   : fmt::format("must be {}, not \"{}\"{}", rule, value, did_you_mean(value, words));
      },
      validator.get_description()));
}

}  // namespace

Check between(int least, int most) {
  return check_by(CLI::Range(least, most), fmt::format("{} to {}", least, most));
}
Check between(double least, double most) {
  return check_by(CLI::Range(least, most), fmt::format("{} to {}", least, most));
}
Check one_of(std::initializer_list<const char*> words) {
  const std::vector<std::string> names(words.begin(), words.end());
  return check_by(CLI::IsMember(names), fmt::format("{}", fmt::join(names, " or ")), names);
}
Check positive_number() {
  return check_by(CLI::PositiveNumber, "a number above 0");
}
Check non_negative_number() {
  return check_by(CLI::NonNegativeNumber, "0 or a number above it");
}

Option* Option::required() {
  option_.required();
  return this;
}
Option* Option::check(const Check& check) {
  option_.check(check.validator());
  return this;
}
Option* Option::type_name(const std::string& name) {
  option_.type_name(name);
  return this;
}
Option* Option::group(const std::string& name) {
  option_.group(name);
  return this;
}
Option* Option::envname(const std::string& variable) {
  option_.envname(variable);
  return this;
}
Option* Option::excludes(Option* other) {
  option_.excludes(&other->option_);
  return this;
}
Option* Option::needs(Option* other) {
  option_.needs(&other->option_);
  return this;
}
Option* Option::allow_extra_args(bool allowed) {
  option_.allow_extra_args(allowed);
  return this;
}

Verb* Verb::add_subcommand(const std::string& name, const std::string& description) {
  return verbs_.emplace_back(std::make_unique<Verb>(*app_.add_subcommand(name, description))).get();
}
Verb* Verb::add_option_group(const std::string& name) {
  return verbs_.emplace_back(std::make_unique<Verb>(*app_.add_option_group(name))).get();
}
Option* Verb::keep(CLI::Option* option) {
  return options_.emplace_back(std::make_unique<Option>(*option)).get();
}

template <class Target>
Option* Verb::add_option(const std::string& names, Target& target, const std::string& description) {
  return keep(app_.add_option(names, target, description));
}
template Option* Verb::add_option(const std::string&, std::string&, const std::string&);
template Option* Verb::add_option(const std::string&, std::vector<std::string>&, const std::string&);
template Option* Verb::add_option(const std::string&, int&, const std::string&);
template Option* Verb::add_option(const std::string&, unsigned&, const std::string&);
template Option* Verb::add_option(const std::string&, int64_t&, const std::string&);
template Option* Verb::add_option(const std::string&, std::optional<int>&, const std::string&);
template Option* Verb::add_option(const std::string&, std::optional<int64_t>&, const std::string&);
template Option* Verb::add_option(const std::string&, std::optional<double>&, const std::string&);
template Option* Verb::add_option(const std::string&, std::optional<std::string>&, const std::string&);

Option* Verb::add_flag(const std::string& names, bool& target, const std::string& description) {
  return keep(app_.add_flag(names, target, description));
}
Option* Verb::add_flag(const std::string& names, std::string& target, const std::string& description) {
  return keep(app_.add_flag(names, target, description));
}
Option* Verb::add_option_function(const std::string& names,
                                  const std::function<void(const std::string&)>& call,
                                  const std::string& description) {
  return keep(app_.add_option_function<std::string>(names, call, description));
}
Option* Verb::add_flag_callback(const std::string& name, const std::function<void()>& call) {
  return keep(app_.add_flag_callback(name, call));
}

void Verb::callback(const std::function<void()>& call) {
  app_.callback(call);
}
void Verb::footer(const std::string& text) {
  app_.footer(text);
}
void Verb::require_subcommand(int number) {
  app_.require_subcommand(number);
}
void Verb::require_option(int number) {
  app_.require_option(number);
}
void Verb::allow_extras() {
  app_.allow_extras();
}
void Verb::group(const std::string& name) {
  app_.group(name);
}
std::string Verb::name() const {
  return app_.get_name();
}

}  // namespace tablegate::loader
