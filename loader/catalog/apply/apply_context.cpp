#include "catalog/apply/apply_context.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/near_object.hpp"

namespace tablegate::loader {

bool concerns_callers(const std::vector<AppliedObject>& objects) {
  return std::any_of(objects.begin(), objects.end(), [](const AppliedObject& object) {
    return (object.kind == Kind::consumer && (object.action == "created" || object.action == "changed")) ||
           (object.kind == Kind::domain && object.action == "changed");
  });
}

void ApplyContext::refuse(Definition& definition, const std::string& pointer, const std::string& reason,
                          const Hint& next) {
  definition.broken = true;
  problems.add(definition.place, pointer, reason, next);
}

DefinitionIndex::DefinitionIndex(const std::vector<Definition>& definitions) {
  for (const Definition& one : definitions) places_.try_emplace({one.kind, one.name, one.version}, &one);
}

const Definition* DefinitionIndex::find(Kind kind, const std::string& name,
                                        const std::string& version) const {
  const auto found = places_.find({kind, name, version});
  return found == places_.end() ? nullptr : found->second;
}

bool DefinitionIndex::broken(Kind kind, const std::string& name) const {
  for (auto at = places_.lower_bound({kind, name, ""});
       at != places_.end() && std::get<0>(at->first) == kind && std::get<1>(at->first) == name; ++at) {
    if (at->second->broken) return true;
  }
  return false;
}

void ApplyContext::refuse_missing(Definition& definition, const std::string& pointer,
                                  const std::string& reason, const Hint& next) {
  if (problems.unread()) {
    definition.broken = true;
  } else {
    refuse(definition, pointer, reason, next);
  }
}

std::string ApplyContext::missing(Kind kind, const std::string& name, const Workspace* of) const {
  constexpr size_t kCompared = 20;
  if (problems.size() < kCompared) return missing_object(catalog, kind, name, of);
  return fmt::format("there is no {} \"{}\"{}", kind_info(kind).label, name,
                     of == nullptr ? "" : " in workspace " + of->name);
}

bool ApplyContext::refused_here(Kind kind, const std::string& name, const std::string& version) const {
  const Definition* const here = index.find(kind, name, version);
  return here != nullptr ? here->broken : index.broken(kind, name);
}

std::string ApplyContext::action_of(const Rows& before, const std::string& text) {
  if (before.empty()) return action_of(nullptr, text);
  const std::string definition = before.string(0, 0);
  return action_of(&definition, text);
}

std::string ApplyContext::action_of(const std::string* before, const std::string& text) {
  if (before != nullptr) object->before = *before;
  object->after = text;
  return before == nullptr ? "created" : *before == text ? "unchanged" : "changed";
}

}  // namespace tablegate::loader
