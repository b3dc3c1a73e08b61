#include "script/source_text.hpp"

#include "script/template.hpp"

namespace tablegate::loader {

void ScriptFaults::add(size_t offset, std::string text) {
  if (!text.empty() && faults_.size() < kMost) faults_.push_back(fault_at(script_, offset, std::move(text)));
}

}  // namespace tablegate::loader
