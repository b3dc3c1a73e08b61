// Which foreach nodes may repeat their last item (ForeachNode::pad): those that write
// the values of an IN, where a value that is there twice changes nothing.
#pragma once

#include "core/plan/node.hpp"

namespace tablegate::loader {

// Looks at the foreach nodes of this list, not at those within its nodes.
void pad_lists(core::Nodes& nodes);

}  // namespace tablegate::loader
