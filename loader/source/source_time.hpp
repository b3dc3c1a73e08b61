// The time at which a source's rows were in the state that a load brings:
// MaxCompute's LastModifiedTime, a file's change, the moment of a snapshot. In
// whole seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/file_root.hpp"

namespace tablegate::loader {

using SourceTime = std::chrono::system_clock::time_point;

SourceTime source_time_of(int64_t seconds);     // since 1970
int64_t source_seconds(SourceTime time);        // since 1970, rounded down
std::string source_time_text(SourceTime time);  // "2026-01-31T08:00:00Z"

// When the file was changed last; nullopt: it is not a regular file, or `root` does not open it.
std::optional<SourceTime> file_time(const std::string& path, const FileRoot& root = {});

}  // namespace tablegate::loader
