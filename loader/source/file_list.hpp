// The files that a path names: itself, those of a folder, or those that a glob
// matches. Sorted by name, with numbers by value (file_2 before file_10), as
// odpscmd numbers its parts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file_root.hpp"

namespace tablegate::loader {

// A folder: all files in it except those whose names begin with '.' or '_'. "-" is returned as it is. Only
// what `root` opens is looked at. Throws Refused for a folder or glob without a file and for folders in it,
// SystemFailure for what cannot be read.
std::vector<std::string> list_files(const std::string& path, const FileRoot& root = {});

// Whether `one` sorts before `other`: digits by value, everything else by bytes.
bool in_number_order(std::string_view one, std::string_view other);

}  // namespace tablegate::loader
