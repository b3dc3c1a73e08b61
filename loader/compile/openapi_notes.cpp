#include "compile/openapi_notes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tablegate::loader {
namespace {

std::string shown_name(const ApiDefinition& api, const std::string& column) {
  const auto& list = api.response_parameters;
  const auto found = std::find_if(list.begin(), list.end(), [&column](const ResponseParameter& one) {
    return one.column == column && !one.mask;
  });
  return found == list.end() ? "value" : found->name;
}

const char* condition_words(Comparison comparison) {
  switch (comparison) {
    case Comparison::equal:
      return "";
    case Comparison::not_equal:
      return "is not null and not this value";
    case Comparison::less:
      return "is less than this value";
    case Comparison::less_or_equal:
      return "is at most this value";
    case Comparison::greater:
      return "is greater than this value";
    case Comparison::greater_or_equal:
      return "is at least this value";
    case Comparison::like:
      return "matches this pattern: % is any text, _ is any character, \\ takes the next character literally";
    case Comparison::not_like:
      return "is not null and does not match this pattern: % is any text, _ is any character, \\ takes the "
             "next character literally";
    case Comparison::in:
      return "is one of these values";
    case Comparison::not_in:
      return "is not null and none of these values";
  }
  return "";
}

}  // namespace

std::string parameter_note(const ApiDefinition& api, const RequestParameter& parameter) {
  const std::string words = condition_words(parameter.comparison);
  if (words.empty()) return parameter.description;
  return fmt::format("{}{}rows whose {} {}", parameter.description, parameter.description.empty() ? "" : "; ",
                     shown_name(api, parameter.column), words);
}

}  // namespace tablegate::loader
