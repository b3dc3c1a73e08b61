// What to type when a file cannot be opened: the same command with the file of its
// folder whose name is nearly the one that is missing, otherwise a look at the
// folder, or at the file that is there.
#pragma once

#include <string>

#include "base/hint.hpp"

namespace tablegate::loader {

struct NearFile {
  std::string words;  // ` (did you mean "users.json"?)`, or empty
  Hint next;
};

// `path`: as it was typed.
NearFile near_file(const std::string& path);

}  // namespace tablegate::loader
