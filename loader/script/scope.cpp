#include "script/scope.hpp"

#include "base/near_name.hpp"

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
