// Splits the text of a partition, "ds=20260101,hh='01'" (or with '/' between),
// into names in lower case and values without quotes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "source/partitioned_source.hpp"

namespace tablegate::loader {

// Throws Refused: "--partition TEXT: reason", with `next` as the suggested command.
std::vector<std::pair<std::string, std::string>> split_partition(const std::string& text,
                                                                 const std::string& next);

// "ds=20260101,hh=01"
std::string partition_text(const PartitionValues& partition);

}  // namespace tablegate::loader
