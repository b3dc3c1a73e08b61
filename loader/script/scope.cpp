#include "script/scope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/near_name.hpp"
#include "core/call/page.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {

std::optional<ScopeName> Scope::find(std::string_view name) const {
  if (name.empty()) return std::nullopt;
  for (size_t level = 0; level < loops_.size(); ++level) {
    const Loop& loop = loops_[loops_.size() - 1 - level];
    if (loop.item == name) return ScopeName{ScopeName::Kind::item, static_cast<uint32_t>(level), false};
    if (loop.index == name) return ScopeName{ScopeName::Kind::index, static_cast<uint32_t>(level), false};
  }
  for (size_t place = 0; place < parameters_.size(); ++place) {
    if (parameters_[place].name == name) {
      read_[place] = true;
      return ScopeName{ScopeName::Kind::parameter, static_cast<uint32_t>(place),
                       parameters_[place].takes_list()};
    }
  }
  return std::nullopt;
}

bool Scope::is_loop_name(std::string_view name) const {
  const std::optional<ScopeName> meaning = find(name);
  return meaning && meaning->kind != ScopeName::Kind::parameter;
}

std::string Scope::unknown(std::string_view name, std::string_view instead) const {
  if (misplaced_.count(name) != 0) return {};
  const bool of_pages =
      std::any_of(std::begin(core::kPageParameters), std::end(core::kPageParameters),
                  [name](const core::PageParameter& one) { return core::same_in_any_case(one.name, name); });
  if (paginates_ && of_pages)
    return fmt::format(
        "\"{}\" is a parameter of pages, which no script reads: remove LIMIT and OFFSET, the "
        "rows of a page are taken by the pageNum and pageSize that callers send",
        name);
  return fmt::format("unknown name \"{}\"{}: {}", name.substr(0, 80), near(name), instead);
}

std::vector<uint32_t> Scope::unread() const {
  std::vector<uint32_t> places;
  for (size_t place = 0; place < read_.size(); ++place)
    if (!read_[place]) places.push_back(static_cast<uint32_t>(place));
  return places;
}

std::string Scope::near(std::string_view name) const {
  std::vector<std::string> names;
  for (const RequestParameter& parameter : parameters_) names.push_back(parameter.name);
  for (const Loop& loop : loops_) {
    for (const std::string& one : {loop.item, loop.index}) {
      if (!one.empty()) names.push_back(one);
    }
  }
  return did_you_mean(name.substr(0, 80), names);
}

}  // namespace tablegate::loader
