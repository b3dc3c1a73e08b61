// Which files a path stands for: itself, those of a folder, those that a glob
// names. In the order of their names, numbers in them by value (file_2 before
// file_10), as odpscmd numbers its slices.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tablegate::loader {

// A folder: all files in it but those whose names begin with '.' or '_'. "-" stands for itself. Throws
// Refused for a folder or glob without a file and for folders in it, SystemFailure for what cannot be read.
std::vector<std::string> list_files(const std::string& path);

// Whether `one` comes before `other`: digits by value, all else by bytes.
bool in_number_order(std::string_view one, std::string_view other);

}  // namespace tablegate::loader
