// Which foreach nodes may repeat their last item (ForeachNode::pad): those that write
// the values of an IN, where a value that is there twice changes nothing; and whether
// these values are in parentheses.
#pragma once

#include <string_view>

#include "core/plan/node.hpp"

namespace tablegate::loader {

// Looks at the foreach nodes of this list, not at those within its nodes.
void pad_lists(core::Nodes& nodes);
// Whether `each` is after IN and a parenthesis around its values is missing. `before`: what is before it;
// `after`: the text that follows it.
bool lacks_parentheses(const core::Nodes& before, const core::ForeachNode& each, std::string_view after);

}  // namespace tablegate::loader
