// Puts a statement program together. Texts that follow each other become one
// node, so equal statements have equal programs.
#pragma once

#include <string>

#include "core/plan/node.hpp"

namespace tablegate::loader {

void add_text(core::Nodes& nodes, const std::string& sql);
void add_nodes(core::Nodes& nodes, core::Nodes more);

}  // namespace tablegate::loader
