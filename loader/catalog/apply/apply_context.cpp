#include "catalog/apply/apply_context.hpp"

#include <algorithm>

namespace tablegate::loader {

bool concerns_callers(const std::vector<AppliedObject>& objects) {
  return std::any_of(objects.begin(), objects.end(), [](const AppliedObject& object) {
    return (object.kind == Kind::consumer && (object.action == "created" || object.action == "changed")) ||
           (object.kind == Kind::domain && object.action == "changed");
  });
}

void ApplyContext::refuse(Definition& definition, const std::string& pointer, const std::string& reason) {
  definition.broken = true;
  problems.add(definition.place, pointer, reason);
}

bool ApplyContext::refused_here(Kind kind, const std::string& name, const std::string& version) const {
  for (const Definition& definition : definitions) {
    if (definition.kind == kind && definition.name == name && definition.version == version)
      return definition.broken;
  }
  return false;
}

std::string ApplyContext::action_of(const Rows& before, const std::string& text) {
  if (!before.empty()) object->before = before.string(0, 0);
  object->after = text;
  return before.empty() ? "created" : before.text(0, 0) == text ? "unchanged" : "changed";
}

}  // namespace tablegate::loader
