// The text of a script as a tree of nodes: tags are read as people write them
// (raw `<` is an operator unless one of the seven tags begins there), placeholders
// become bound values, everything else is text with its origin. Nothing here knows
// SQL beyond its words, quotes and numbers: sql_check.hpp does.
//   core::Nodes draft = read_template(input, faults).draft;
// In the draft tables are still text, and the whole statement is in one list. A
// text node never joins words of two sides of a tag: a space is between them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan/node.hpp"
#include "script/script.hpp"

namespace tablegate::loader {

// Tags that decide something: if, when, foreach.
inline constexpr size_t kMaxConditions = 500;

struct ScriptTemplate {
  core::Nodes draft;
  std::vector<uint32_t> unread;  // places of the parameters that nothing reads, ascending
};

ScriptTemplate read_template(const ScriptInput& input, std::vector<ScriptFault>& faults);

// The line and column of byte `offset` (from 0) of a text, both from 1, in characters.
ScriptFault fault_at(const std::string& text, size_t offset, std::string reason);

}  // namespace tablegate::loader
