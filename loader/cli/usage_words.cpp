#include "cli/usage_words.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

namespace tablegate::loader {
namespace {

// The text before and after `middle`.
struct Halves {
  std::string before, after;
};
std::optional<Halves> split(const std::string& text, std::string_view middle) {
  const size_t at = text.find(middle);
  if (at == std::string::npos) return std::nullopt;
  return Halves{text.substr(0, at), text.substr(at + middle.size())};
}

// "--a,--b,--c" as "--a, --b and --c".
std::string in_words(const std::string& list) {
  std::string words;
  for (size_t at = 0; at < list.size();) {
    const size_t end = std::min(list.find(',', at), list.size());
    words += (words.empty() ? "" : end == list.size() ? " and " : ", ") + list.substr(at, end - at);
    at = end + 1;
  }
  return words;
}

std::string one_of_several(const Halves& found) {
  const std::string options = in_words(found.after.substr(0, found.after.find(']')));
  const bool several = found.after.find("were given") != std::string::npos;
  return several ? fmt::format("only one of {} can be given", options)
                 : fmt::format("one of {} is required", options);
}

// "1 required FILE missing" as "FILE".
std::string type_of_missing(const std::string& text) {
  const auto found = split(text, " required ");
  return found ? found->after.substr(0, found->after.rfind(" missing")) : text;
}

}  // namespace

std::string plain_usage(const std::string& text) {
  if (const auto found = split(text, "1 option from [")) return one_of_several(*found);
  if (const auto found = split(text, " excludes "))
    return fmt::format("{} and {} cannot be given together", found->before, found->after);
  if (const auto found = split(text, ": must "))
    return fmt::format("{} must {}", found->before, found->after);
  if (const auto found = split(text, "Could not convert: ")) {
    if (const auto option = split(found->after, " = "))
      return fmt::format("{} must be a number, not \"{}\"", option->before, option->after);
  }
  for (const char* const twice : {": At Most ", ": too many inputs"}) {
    if (const auto found = split(text, twice)) return found->before + " is given more than once";
  }
  for (const char* const valued : {" was given a disallowed flag override", ": Should be true/false"}) {
    if (const auto found = split(text, valued)) return found->before + " takes no value";
  }
  const size_t name = text.find(": ");
  if (name != std::string::npos && text.rfind(" missing") == text.size() - 8)
    return fmt::format("{} requires a value ({})", text.substr(0, name),
                       type_of_missing(text.substr(name + 2)));
  return text;
}

}  // namespace tablegate::loader
