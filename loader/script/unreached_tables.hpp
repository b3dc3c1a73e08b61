// Tables in text that no checked path has, as that for the third item of a foreach:
// they would stay bare names, which no statement of the gateway finds.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "script/script_leaves.hpp"

namespace tablegate::loader {

// The places of names behind FROM or JOIN in texts that are not in `reached` (numbers of texts), and of
// names of `tables` there. Not of WITH queries.
std::vector<LeafPlace> unreached_tables(const ScriptLeaves& leaves, const std::set<size_t>& reached,
                                        const std::set<std::string>& tables);

}  // namespace tablegate::loader
