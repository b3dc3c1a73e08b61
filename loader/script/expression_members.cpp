#include "script/expression_members.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/near_name.hpp"

namespace tablegate::loader {
namespace {

// What there is in other languages, and what to write.
constexpr std::pair<std::string_view, std::string_view> kOtherMembers[] = {
    {"empty", "write isEmpty()"},
    {"isBlank", "write trim().isEmpty()"},
    {"isNotBlank", "write !x.trim().isEmpty()"},
    {"isNotEmpty", "write !x.isEmpty()"},
    {"get", "write x[0]"},
    {"first", "write x[0]"},
    {"count", "write size() of a list, length() of a text"},
    {"class", "a test reads values alone"},
    {"getClass", "a test reads values alone"},
    {"matches", "there are no patterns in a test"},
    {"compareTo", "write < == or >"},
    {"toLower", "write toLowerCase()"},
    {"toUpper", "write toUpperCase()"},
};

}  // namespace

bool is_of_lists(core::Method method) {
  return method == core::Method::size || method == core::Method::is_empty ||
         method == core::Method::contains || method == core::Method::index_of;
}

bool is_of_texts(core::Method method) {
  return method != core::Method::size;
}

std::string unknown_member(const std::string& member, bool called) {
  if (member.empty()) return "a method comes after \".\", as in x.trim()";
  const std::string what = called ? "method" : "property";
  for (const auto& [other, instead] : kOtherMembers) {
    if (other == member) return fmt::format("there is no {} \"{}\": {}", what, member, instead);
  }
  std::vector<std::string> names;
  std::string known;
  for (auto number = static_cast<uint8_t>(core::Method::size);
       number <= static_cast<uint8_t>(core::Method::to_upper_case); ++number) {
    names.emplace_back(core::method_name(static_cast<core::Method>(number)));
    known += (known.empty() ? "" : ", ") + names.back();
  }
  std::string near = did_you_mean(member.substr(0, 80), names);
  if (near.empty()) near = "; methods are " + known;
  return fmt::format("there is no {} \"{}\"{}", what, member.substr(0, 80), near);
}

}  // namespace tablegate::loader
