// The calls for which a script makes no statement, as few and as short expressions as
// possible: of what a path decided only that is kept which tells it from the valid ones.
#pragma once

#include <string>
#include <vector>

#include "script/program_paths.hpp"
#include "script/script.hpp"

namespace tablegate::loader {

struct CheckedPath {
  const ProgramPath* path = nullptr;
  std::string reason;  // empty: it is valid
};

// `complete`: `paths` are all that there are; else an invalid one keeps all that it decided.
// What can be said only inside a foreach is in no result: `unsaid` gets its reason.
std::vector<InvalidPath> invalid_paths(const std::vector<CheckedPath>& paths, bool complete,
                                       const std::vector<RequestParameter>& parameters,
                                       std::vector<std::string>& unsaid);

}  // namespace tablegate::loader
